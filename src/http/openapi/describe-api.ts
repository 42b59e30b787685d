import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { stringify } from 'yaml'
import type { Config } from '../../config/config.ts'
import { type ApiDocument, completeDocument, type DeclaredRoute } from './complete-document.ts'
import { problemExamples } from './error-responses.ts'
import { introduction, securitySchemes } from './introduction.ts'
import { prepareAnswer } from './prepare-answer.ts'
import { serveDocs } from './serve-docs.ts'

/** Describes the API from the routes' own schemas: openapi.yaml is a copy of this, and a test fails when it is not. */
export async function describeApi(app: FastifyInstance, config: Config): Promise<void> {
  const routes: DeclaredRoute[] = []
  app.addHook('onRoute', ({ method, url, config: declaration = {} }) => {
    for (const one of [method].flat()) routes.push({ method: one, url, declaration })
  })
  await app.register(swagger, {
    openapi: {
      ...introduction(config),
      components: { examples: { ...problemExamples }, securitySchemes: securitySchemes(config) },
    },
    refResolver: { buildLocalReference: (json) => String(json['$id']) },
    transformObject: (given) => {
      if (!('openapiObject' in given)) return given.swaggerObject
      completeDocument(given.openapiObject as unknown as ApiDocument, routes)
      return given.openapiObject
    },
  })
  const sendYaml = prepareAnswer({ type: 'application/yaml', read: () => openapiYaml(app) })
  app.get('/openapi.yaml', { config: { caller: 'public' }, schema: { hide: true } }, async (request, reply) =>
    sendYaml(request, reply),
  )
  await serveDocs(app)
}

export function openapiYaml(app: FastifyInstance): string {
  return stringify(app.swagger(), { lineWidth: 120, aliasDuplicateObjects: false })
}
