import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify'
import { stringify } from 'yaml'
import type { Config } from '../../config/config.ts'
import { components } from '../schemas.ts'
import { type ApiDocument, completeDocument } from './complete-document.ts'
import { problemExamples } from './error-responses.ts'
import { introduction, securitySchemes } from './introduction.ts'

export interface Description {
  readonly document: ApiDocument
  readonly yamlOf: (document: object, lineWidth?: number) => string
  /** A listener for `inject` only, which has the pages of /docs. */
  readonly pages: FastifyInstance
}

/**
 * Describes these routes from their schemas and declarations. This file is loaded at the first request for the description: its
 * packages take 4 MB and a tenth of each start, and most processes are never asked.
 *
 * @param contentSecurityPolicy for the pages.
 */
export async function describeRoutes(
  routes: readonly RouteOptions[],
  { config, contentSecurityPolicy }: { config: Config; contentSecurityPolicy: string },
): Promise<Description> {
  const pages = Fastify()
  pages.setValidatorCompiler(() => () => true) // nothing calls the described routes here
  pages.setSerializerCompiler(() => JSON.stringify)
  for (const component of components) pages.addSchema(component)
  await pages.register(swagger, {
    openapi: {
      ...introduction(config),
      components: { examples: { ...problemExamples }, securitySchemes: securitySchemes(config) },
    },
    refResolver: { buildLocalReference: (json) => String(json['$id']) },
    transformObject: (given) => {
      if (!('openapiObject' in given)) return given.swaggerObject
      completeDocument(given.openapiObject as unknown as ApiDocument, declarationsOf(routes))
      return given.openapiObject
    },
  })
  await pages.register(swaggerUi, { routePrefix: '/docs', staticCSP: contentSecurityPolicy })
  for (const { method, url, schema } of routes) pages.route({ method, url, schema: schema ?? {}, handler: noHandler })
  await pages.ready()
  return { document: pages.swagger() as unknown as ApiDocument, yamlOf, pages }
}

function declarationsOf(routes: readonly RouteOptions[]) {
  return routes.flatMap(({ method, url, config: declaration = {} }) =>
    [method].flat().map((one) => ({ method: one, url, declaration })),
  )
}

async function noHandler(): Promise<void> {}

function yamlOf(document: object, lineWidth = 80): string {
  return stringify(document, { lineWidth, aliasDuplicateObjects: false })
}
