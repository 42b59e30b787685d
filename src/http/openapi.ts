import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { stringify } from 'yaml'
import type { Config } from '../config.ts'

const DESCRIPTION = `Sign-in, sessions, and the *Settings > Account* and *Forgot your password?* of a product.
Every error is an RFC 9457 problem document: decide by its \`code\`.
Routes that take a mailed token ignore the Authorization header: a link works whether or not somebody is signed in.`

/** Describes the API from the routes' own schemas: openapi.yaml is a copy of this, and a test fails when it is not. */
export async function describeApi(app: FastifyInstance, config: Config): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Latchkey',
        version: '1.0.0',
        description: DESCRIPTION,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: config.publicUrl }],
      tags: ['Registration', 'Sessions', 'Account', 'Email change', 'Password', 'Webhooks', 'Operations'].map(
        (name) => ({ name }),
      ),
      security: [],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'An access token of a session.' },
        },
      },
    },
    refResolver: { buildLocalReference: (json) => String(json['$id']) },
  })
  app.get('/openapi.yaml', { config: { caller: 'public' }, schema: { hide: true } }, async (_request, reply) =>
    reply.header('Cache-Control', 'public, max-age=300').type('application/yaml').send(openapiYaml(app)),
  )
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true })
}

export function openapiYaml(app: FastifyInstance): string {
  return stringify(app.swagger(), { lineWidth: 120, aliasDuplicateObjects: false })
}
