import { gzipSync } from 'node:zlib'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { stringify } from 'yaml'
import type { Config } from '../config/config.ts'
import { VERSION } from '../operations/version.ts'
import { problemExamples } from './problems/refusal-responses.ts'

const DESCRIPTION = `Sign-in, sessions, email changes and password resets for a product.
Every error is an RFC 9457 problem document. Programs should decide by its \`code\`. Only \`/oauth/*\` uses the error format of RFC 6749.
Routes that take a mailed token ignore the Authorization header, so a link works with and without a sign-in.`

const TAGS = [
  { name: 'Registration', description: 'Creating an account and verifying its address.' },
  { name: 'Sessions', description: 'Signing in, refreshing tokens, listing sessions and signing out.' },
  { name: 'Account', description: 'The account of the signed-in person.' },
  {
    name: 'Email change',
    description: 'Requesting a change, confirming it from the new address and reverting it from the old one.',
  },
  { name: 'Password', description: 'Changing a known password, resetting a forgotten one, and the rules for both.' },
  { name: 'Services', description: 'For other services: obtaining, introspecting and revoking tokens.' },
  { name: 'Support desk', description: 'Finding accounts and helping their holders, with a service token.' },
  { name: 'Webhooks', description: 'Signed events from other services.' },
  { name: 'Operations', description: 'For the operators of the service.' },
] as const

/** Describes the API from the routes' own schemas: openapi.yaml is a copy of this, and a test fails when it is not. */
export async function describeApi(app: FastifyInstance, config: Config): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Latchkey',
        version: VERSION,
        description: DESCRIPTION,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: config.publicUrl }],
      tags: [...TAGS],
      security: [],
      components: {
        examples: problemExamples,
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'An access token of a session.' },
          service: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description: 'An access token of a service.',
          },
          client: { type: 'http', scheme: 'basic', description: 'The id and the secret of a service client.' },
        },
      },
    },
    refResolver: { buildLocalReference: (json) => String(json['$id']) },
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
