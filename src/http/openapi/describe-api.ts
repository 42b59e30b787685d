import type { FastifyInstance, RouteOptions } from 'fastify'
import type { Config } from '../../config/config.ts'
import type { Description } from './describe-routes.ts'
import { prepareAnswer } from './prepare-answer.ts'
import { CONTENT_SECURITY_POLICY, serveDocs } from './serve-docs.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The description of the routes, which is made at the first call. */
    describe: () => Promise<Description>
  }
}

/** Describes the API from the routes' own schemas: openapi.yaml is a copy of this, and a test fails when it is not. */
export function describeApi(app: FastifyInstance, config: Config): void {
  const routes: RouteOptions[] = []
  app.addHook('onRoute', (route) => {
    const isDescribed = route.method !== 'HEAD' && route.schema?.hide !== true
    if (isDescribed) routes.push(route)
  })
  let description: Promise<Description> | undefined
  app.decorate('describe', () => {
    description ??= describe(routes, config).catch((error: unknown) => {
      description = undefined // so that the next request tries again
      throw error
    })
    return description
  })
  const sendYaml = prepareAnswer({ type: 'application/yaml', read: () => openapiYaml(app) })
  app.get('/openapi.yaml', { config: { caller: 'public' }, schema: { hide: true } }, sendYaml)
  serveDocs(app)
}

async function describe(routes: readonly RouteOptions[], config: Config): Promise<Description> {
  const { describeRoutes } = await import('./describe-routes.ts')
  return describeRoutes(routes, { config, contentSecurityPolicy: CONTENT_SECURITY_POLICY })
}

export async function openapiYaml(app: FastifyInstance): Promise<string> {
  const { document, yamlOf } = await app.describe()
  return yamlOf(document, 120)
}
