import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { stringify } from 'yaml'
import { prepareAnswer } from './prepare-answer.ts'

/**
 * For the pages of /docs. The plugin's own policy has `upgrade-insecure-requests`, with which a browser asks for the scripts
 * over https even if the page came over plain http, and the page stays blank on any host but localhost.
 */
const CONTENT_SECURITY_POLICY = Object.entries({
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

/**
 * Serves the API's description as a page at /docs. What is large is prepared once. The plugin would serialize the description
 * for each request, which takes 150 ms for /docs/yaml: a few requests a second would occupy the process.
 */
export async function serveDocs(app: FastifyInstance): Promise<void> {
  const description = () => ({ ...withTokenUrlOfThePage(app.swagger() as unknown as Described), servers: [SERVER] })
  const descriptions: Readonly<Record<string, ReturnType<typeof prepareAnswer>>> = {
    '/docs/json': prepareAnswer({
      type: 'application/json; charset=utf-8',
      read: () => JSON.stringify(description()),
    }),
    '/docs/yaml': prepareAnswer({
      type: 'application/x-yaml',
      read: () => stringify(description(), { aliasDuplicateObjects: false }),
    }),
  }
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: CONTENT_SECURITY_POLICY,
    uiHooks: {
      preHandler: async (request, reply) => descriptions[request.routeOptions.url ?? '']?.(request, reply),
    },
  })
  for (const name of readdirSync(STATIC_FILES)) {
    const file = path.join(STATIC_FILES, name)
    const type = TYPES[path.extname(name)]
    if (type === undefined || statSync(file).size < LARGE_FILE_BYTES) continue
    const send = prepareAnswer({ type, read: () => readFileSync(file) })
    app.get(`/docs/static/${name}`, { config: { caller: 'public' }, schema: { hide: true } }, async (request, reply) =>
      send(request, reply.header('Content-Security-Policy', CONTENT_SECURITY_POLICY)),
    )
  }
}

interface Described {
  readonly components: {
    readonly securitySchemes: {
      readonly serviceToken: { readonly flows: { readonly clientCredentials: { readonly tokenUrl: string } } }
    }
  }
}

/** "Authorize" asks for a token at a URL without a host, for the reason that SERVER has. */
function withTokenUrlOfThePage<Document extends Described>(document: Document): Document {
  const { components } = document
  const { serviceToken } = components.securitySchemes
  const { clientCredentials } = serviceToken.flows
  const flows = { clientCredentials: { ...clientCredentials, tokenUrl: new URL(clientCredentials.tokenUrl).pathname } }
  const securitySchemes = { ...components.securitySchemes, serviceToken: { ...serviceToken, flows } }
  return { ...document, components: { ...components, securitySchemes } }
}
