import { gzipSync } from 'node:zlib'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { stringify } from 'yaml'
import type { Config } from '../../config/config.ts'
import { type ApiDocument, completeDocument, type DeclaredRoute } from './complete-document.ts'
import { problemExamples } from './error-responses.ts'
import { introduction, securitySchemes } from './introduction.ts'

/** Describes the API from the routes' own schemas: openapi.yaml is a copy of this, and a test fails when it is not. */
export async function describeApi(app: FastifyInstance, config: Config): Promise<void> {
  const routes: DeclaredRoute[] = []
  app.addHook('onRoute', ({ method, url, config: declaration = {} }) => {
    for (const one of [method].flat()) routes.push({ method: one, url, declaration })
  })
  await app.register(swagger, {
    openapi: {
      ...introduction(config),
      components: { examples: problemExamples, securitySchemes: securitySchemes(config) },
    },
    refResolver: { buildLocalReference: (json) => String(json['$id']) },
    transformObject: (given) => {
      if (!('openapiObject' in given)) return given.swaggerObject
      completeDocument(given.openapiObject as unknown as ApiDocument, routes)
      return given.openapiObject
    },
  })
  // Prepared once, because that takes more than 100 ms. As one buffer, it takes no memory per connection that does not read it.
  let document: { plain: Buffer; compressed: Buffer } | undefined
  app.get('/openapi.yaml', { config: { caller: 'public' }, schema: { hide: true } }, async (request, reply) => {
    if (!document) {
      const plain = Buffer.from(openapiYaml(app))
      document = { plain, compressed: gzipSync(plain) }
    }
    reply
      .header('Cache-Control', 'public, max-age=300')
      .header('Vary', varyBy(reply, 'Accept-Encoding'))
      .type('application/yaml')
    if (!/\bgzip\b/i.test(request.headers['accept-encoding'] ?? '')) return reply.send(document.plain)
    return reply.header('Content-Encoding', 'gzip').send(document.compressed)
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: DOCS_CONTENT_SECURITY_POLICY,
    transformSpecificationClone: false, // the transformation changes nothing in the original
    transformSpecification: (specification) => ({ ...specification, servers: [DOCS_SERVER] }),
  })
}

/**
 * For the pages of /docs. The plugin's own policy has `upgrade-insecure-requests`, with which a browser asks for the scripts
 * over https even if the page came over plain http, and the page stays blank on any host but localhost.
 */
const DOCS_CONTENT_SECURITY_POLICY = {
  'default-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
  'img-src': "'self' data:",
  'object-src': "'none'",
}

/**
 * The server that "Try it out" sends its requests to, relative to /docs/json: the one that the page came from. The browser may
 * know it by another name than PUBLIC_URL has, and the policy above allows no other origin.
 */
const DOCS_SERVER = { url: '..', description: 'The server of this page' }

/** The Vary header with one more name. CORS may have set it already. */
function varyBy(reply: FastifyReply, name: string): string {
  return [reply.getHeader('Vary'), name].filter((part) => part !== undefined).join(', ')
}

export function openapiYaml(app: FastifyInstance): string {
  return stringify(app.swagger(), { lineWidth: 120, aliasDuplicateObjects: false })
}
