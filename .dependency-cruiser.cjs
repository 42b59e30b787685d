/**
 * The layers of docs/architecture.md. An import may only go down: from a layer to one that stands below it in the list.
 * Parts that stand in one line do not know each other.
 */
const PROGRAM = [
  ['main.ts'],
  ['commands'],
  ['serve.ts'],
  ['app.ts', 'operations-app.ts'],
  ['routes'],
  ['http', 'worker'],
  ['domain'],
  ['deps.ts'],
  ['operations', 'keys', 'breach-list'],
  ['config'],
  ['database'],
  ['mail'],
  ['security', 'log.ts', 'retry-delay.ts'],
  ['tracing'],
]

/** The same inside src/domain. */
const DOMAIN = [
  ['support'],
  ['email-change', 'tokens', 'key-rotation', 'security-events', 'accounts'],
  ['passwords'],
  ['sessions'],
  ['registration', 'service-clients'],
  ['mails'],
  ['mailed-links', 'throttle', 'password-policy'],
  ['addresses', 'events'],
  ['problems.ts', 'jobs.ts', 'principals.ts', 'page.ts', 'row-states.ts', 'times.ts'],
  ['scopes.ts', 'dead-links.ts'],
]

const rule = (name, from, to, comment) => ({ name, severity: 'error', comment, from, to })

/** One rule for each part of a layer: it imports nothing of its own layer or of one above. */
function onlyDown(folder, layers) {
  const pattern = (part) => `^${folder}/${part.replace('.', '\\.')}${part.endsWith('.ts') ? '$' : '/'}`
  return layers.flatMap((layer, index) =>
    layer.map((part) => {
      const forbidden = layers
        .slice(0, index + 1)
        .flat()
        .filter((other) => other !== part)
      return rule(
        `${folder}/${part} imports only what stands below it`,
        { path: pattern(part) },
        { path: forbidden.length > 0 ? forbidden.map(pattern) : ['^$'] },
        'See docs/architecture.md.',
      )
    }),
  )
}

/** A new file or folder must be given its place in the list: without one, no rule would hold for it. */
function onlyListed(folder, layers) {
  const listed = layers.flat().map((part) => part.replace('.', '\\.') + (part.endsWith('.ts') ? '$' : '/'))
  return rule(
    `everything in ${folder} is in a layer`,
    { path: `^${folder}/(?!${listed.join('|')})` },
    { path: '.*' },
    'Name it in .dependency-cruiser.cjs and in docs/architecture.md.',
  )
}

module.exports = {
  forbidden: [
    ...onlyDown('src', PROGRAM),
    ...onlyDown('src/domain', DOMAIN),
    onlyListed('src', PROGRAM),
    onlyListed('src/domain', DOMAIN),
    rule(
      'no circular imports',
      { pathNot: 'generated' },
      { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
      'A circle cannot be read from one end to the other.',
    ),
    rule(
      'the domain does not know Fastify',
      { path: '^src/domain' },
      { path: 'node_modules/@?fastify' },
      'A flow works under any transport.',
    ),
    rule(
      'routes do not know the tables',
      { path: '^src/routes' },
      { path: '^src/database|node_modules/(@prisma|pg)/' },
      'A route is a schema, a call and an answer.',
    ),
    rule(
      'security stands alone',
      { path: '^src/security' },
      { path: '^src/(?!security)' },
      'Cryptography has no database and no HTTP.',
    ),
    rule('the service does not know its tests', { path: '^src' }, { path: '^test' }, 'Tests import the service.'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.cjs'] },
  },
}
