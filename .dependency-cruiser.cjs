/** Imports point one way: main → commands → serve → app → routes → domain → security, mail, database. */
const only = (name, from, to, comment) => ({ name, severity: 'error', comment, from, to })

module.exports = {
  forbidden: [
    only(
      'no-circular',
      { pathNot: 'generated' },
      { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
      'A circle has no top to read from.',
    ),
    only(
      'domain-knows-no-http',
      { path: '^src/domain' },
      { path: '^src/(http|routes|app|worker|commands)|node_modules/@?fastify' },
      'A flow runs under any transport.',
    ),
    only(
      'routes-know-no-tables',
      { path: '^src/routes' },
      { path: '^src/database|node_modules/(@prisma|pg)/' },
      'A route is a schema, a call and an answer.',
    ),
    only(
      'security-stands-alone',
      { path: '^src/security' },
      { path: '^src/(?!security)' },
      'Cryptography only: no database, no HTTP.',
    ),
    only(
      'mail-knows-no-domain',
      { path: '^src/mail' },
      { path: '^src/(?!mail|security)' },
      'Templates and transports are pure of it.',
    ),
    only(
      'database-knows-no-domain',
      { path: '^src/database' },
      { path: '^src/(?!database)' },
      'Statements, not decisions.',
    ),
    only(
      'http-is-for-routes',
      { path: '^src/(domain|security|mail|database|worker)' },
      { path: '^src/(http|routes)' },
      'Nothing below routes knows of them.',
    ),
    only(
      'nothing-imports-routes',
      { path: '^src', pathNot: '^src/app' },
      { path: '^src/routes' },
      'app.ts lists them by name.',
    ),
    only('tests-stay-outside', { path: '^src' }, { path: '^test' }, 'The service does not know that it is tested.'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.cjs'] },
  },
}
