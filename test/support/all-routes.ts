import type { FastifyInstance } from 'fastify'

/** `METHOD /path` of every route that openapi.yaml describes. */
export async function allRoutes(app: FastifyInstance): Promise<string[]> {
  await app.ready()
  const { paths = {} } = app.swagger() as { paths?: Record<string, Record<string, unknown>> }
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
  )
}
