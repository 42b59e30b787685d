import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../../domain/problems.ts'
import type { Description } from './describe-routes.ts'
import { prepareAnswer } from './prepare-answer.ts'

/**
 * For the pages of /docs. The plugin's own policy has `upgrade-insecure-requests`, with which a browser asks for the scripts
 * over https even if the page came over plain http, and the page stays blank on any host but localhost.
 */
export const CONTENT_SECURITY_POLICY = Object.entries({
  'default-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
  'img-src': "'self' data:",
  'object-src': "'none'",
})
  .map(([name, value]) => `${name} ${value};`)
  .join(' ')

/**
 * The server that "Try it out" sends its requests to, relative to /docs/json: the one that the page came from. The browser may
 * know it by another name than PUBLIC_URL has, and the policy above allows no other origin.
 */
const SERVER = { url: '..', description: 'The server of this page' }

const STATIC_FILES = path.join(path.dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui')), 'static')
/** The plugin reads a file anew for each request, and holds 32 KB of it, and a stream, for each connection that does not read it. */
const LARGE_FILE_BYTES = 16 * 1024
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'application/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
}

const HIDDEN = { config: { caller: 'public' }, schema: { hide: true } } as const
/** These headers belong to one answer of one listener, so the answer of the service has its own. */
const OWN_HEADERS = ['connection', 'content-length', 'date', 'transfer-encoding']

/**
 * Serves the API's description as a page at /docs. What is large is prepared once. The plugin would serialize the description
 * for each request, which takes 150 ms for /docs/yaml: a few requests a second would occupy the process.
 */
export function serveDocs(app: FastifyInstance): void {
  const sendJson = prepareAnswer({
    type: 'application/json; charset=utf-8',
    read: async () => JSON.stringify(forThePage(await app.describe())),
  })
  const sendYaml = prepareAnswer({
    type: 'application/x-yaml',
    read: async () => (await app.describe()).yamlOf(forThePage(await app.describe())),
  })
  app.get('/docs/json', HIDDEN, sendJson)
  app.get('/docs/yaml', HIDDEN, sendYaml)
  for (const name of readdirSync(STATIC_FILES)) {
    const file = path.join(STATIC_FILES, name)
    const type = TYPES[path.extname(name)]
    if (type === undefined || statSync(file).size < LARGE_FILE_BYTES) continue
    const send = prepareAnswer({ type, read: () => readFileSync(file) })
    app.get(`/docs/static/${name}`, HIDDEN, async (request, reply) =>
      send(request, reply.header('Content-Security-Policy', CONTENT_SECURITY_POLICY)),
    )
  }
  for (const url of ['/docs', '/docs/', '/docs/static/*']) app.get(url, HIDDEN, sendPage)
}

/** Sends a page or a small file of the plugin. */
async function sendPage(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { pages } = await request.server.describe()
  const page = await pages.inject({ url: request.url, headers: request.headers })
  if (page.statusCode >= 400) throw new Refusal('not_found')
  for (const [name, value] of Object.entries(page.headers)) {
    if (value !== undefined && !OWN_HEADERS.includes(name)) reply.header(name, value)
  }
  reply.code(page.statusCode)
  return page.rawPayload.length > 0 ? reply.send(page.rawPayload) : reply.send()
}

interface SecuritySchemes {
  readonly serviceToken: { readonly flows: { readonly clientCredentials: { readonly tokenUrl: string } } }
}

/** "Authorize" asks for a token at a URL without a host, for the reason that SERVER has. */
function forThePage({ document }: Description): object {
  const { components } = document
  const schemes = components['securitySchemes'] as unknown as SecuritySchemes
  const { serviceToken } = schemes
  const { clientCredentials } = serviceToken.flows
  const flows = { clientCredentials: { ...clientCredentials, tokenUrl: new URL(clientCredentials.tokenUrl).pathname } }
  const securitySchemes = { ...schemes, serviceToken: { ...serviceToken, flows } }
  return { ...document, servers: [SERVER], components: { ...components, securitySchemes } }
}
