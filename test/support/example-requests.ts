import type { FastifyInstance } from 'fastify'

export interface ExampleRequest {
  /** `METHOD /path`, as openapi.yaml has it. */
  readonly route: string
  readonly method: string
  readonly path: string
  readonly needsToken: boolean
  readonly body: object | undefined
}

interface Operation {
  readonly security?: ReadonlyArray<Record<string, unknown>>
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: object }>> }
}

/** One well-formed request for every route that openapi.yaml describes, from its own examples. */
export async function exampleRequests(app: FastifyInstance): Promise<ExampleRequest[]> {
  await app.ready()
  const { paths = {} } = app.swagger() as { paths?: Record<string, Record<string, Operation>> }
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      route: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path: path.replace(/\{\w+\}/g, '0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c55'),
      needsToken: (operation.security ?? []).length > 0,
      body: operation.requestBody?.content['application/json']?.example,
    })),
  )
}
