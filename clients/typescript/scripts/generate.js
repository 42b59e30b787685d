// Writes src/generated/ from openapi.yaml: the types of the routes for account holders, and for each of these routes its
// problem codes and whether it needs a session. With --check it writes nothing and fails if the files are out of date.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import openapiTS, { astToString } from 'openapi-typescript'
import { parse } from 'yaml'

const DOCUMENT = new URL('../../../openapi.yaml', import.meta.url)
const FOLDER = new URL('../src/generated/', import.meta.url)
const HEADER = '// Generated from openapi.yaml by `npm run generate`. Do not edit.\n\n'
const METHODS = ['get', 'put', 'post', 'delete', 'patch']
/** Any route may answer with one of these. */
const COMMON_CODES = [
  'expectation_failed',
  'headers_too_large',
  'internal_error',
  'invalid_request',
  'method_not_allowed',
  'overloaded',
  'payload_too_large',
  'request_timeout',
  'service_unavailable',
  'too_many_attempts',
  'unsupported_media_type',
]

const document = parse(await readFile(DOCUMENT, 'utf8'))
const paths = Object.fromEntries(
  Object.entries(document.paths).filter(([path]) => /^\/v1\/(?!admin\/|webhooks\/)/.test(path)),
)
const routes = Object.entries(paths).flatMap(([path, item]) =>
  METHODS.filter((method) => item[method]).map((method) => ({
    name: `${method.toUpperCase()} ${path}`,
    needsSession: needsSession(item[method]),
    codes: codesOf(item[method]),
  })),
)

const files = {
  'schema.ts': HEADER + astToString(await openapiTS({ ...document, paths, components: componentsOf(paths) })),
  'routes.ts': [
    `${HEADER}/** The \`code\` values that any route may answer with. */`,
    `export type CommonProblemCode = ${union(COMMON_CODES)}\n`,
    '/** The other `code` values that each route documents. */',
    'export interface RouteProblemCodes {',
    ...routes.map(({ name, codes }) => `  '${name}': ${union(codes)}`),
    '}\n',
    '/** The routes that need an access token. */',
    'export const sessionRoutes: readonly string[] = [',
    ...routes.filter((route) => route.needsSession).map(({ name }) => `  '${name}',`),
    ']\n',
  ].join('\n'),
}

await mkdir(FOLDER, { recursive: true })
for (const [name, content] of Object.entries(files)) {
  const file = new URL(name, FOLDER)
  const isCurrent = content === (await readFile(file, 'utf8').catch(() => ''))
  if (isCurrent) continue
  if (process.argv.includes('--check')) {
    process.stderr.write(
      `src/generated/${name} is not what openapi.yaml says: run \`npm run generate\` in clients/typescript\n`,
    )
    process.exitCode = 1
  } else {
    await writeFile(file, content)
  }
}

/** A route whose token is optional (an empty requirement beside the other) works without a session. */
function needsSession(operation) {
  const security = operation.security ?? document.security ?? []
  return security.length > 0 && security.every((requirement) => Object.keys(requirement).length > 0)
}

/** The examples of an error response are named after the codes. */
function codesOf(operation) {
  const codes = Object.entries(operation.responses)
    .filter(([status]) => /^[45]/.test(status))
    .flatMap(([, response]) => Object.keys(resolve(response).content?.['application/problem+json']?.examples ?? {}))
  return [...new Set(codes)].filter((code) => !COMMON_CODES.includes(code)).sort()
}

function union(codes) {
  return codes.map((code) => `'${code}'`).join(' | ') || 'never'
}

/** The components that a node refers to, directly or through other components. Security schemes have no type. */
function componentsOf(root) {
  const found = {}
  const visit = (node) => {
    if (typeof node !== 'object' || node === null) return
    if (typeof node.$ref === 'string') {
      const [, , kind, name] = node.$ref.split('/')
      if (found[kind]?.[name]) return
      found[kind] = { ...found[kind], [name]: document.components[kind][name] }
      visit(found[kind][name])
    }
    for (const child of Object.values(node)) visit(child)
  }
  visit(root)
  return found
}

function resolve(node) {
  if (!node.$ref) return node
  return node.$ref
    .slice(2)
    .split('/')
    .reduce((parent, key) => parent[key], document)
}
