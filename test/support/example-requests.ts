import type { FastifyInstance } from 'fastify'

export interface ExampleRequest {
  /** `METHOD /path`, as in openapi.yaml. */
  readonly route: string
  readonly method: string
  readonly path: string
  /** Whose token the route takes. */
  readonly caller: 'public' | 'account' | 'service'
  readonly body: object | undefined
}

interface Schema {
  readonly $ref?: string
  readonly examples?: readonly object[]
}

interface Operation {
  readonly security?: ReadonlyArray<Record<string, unknown>>
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: Schema; readonly example?: object }>>
  }
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

/** One well-formed request for every route of openapi.yaml that takes JSON or no body, from the examples in the document. */
export async function exampleRequests(app: FastifyInstance): Promise<ExampleRequest[]> {
  await app.ready()
  const { paths, components } = app.swagger() as unknown as Description
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { requestBody }]) => !requestBody || requestBody.content['application/json'])
      .map(([method, operation]) => ({
        route: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        path: path.replace(/\{(\w+)\}/g, (_, name: string) => PARAMETERS[name] ?? SOME_ID),
        caller: callerOf(operation),
        body: exampleOf(operation, components.schemas),
      })),
  )
}

const SOME_ID = '0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c55'
const PARAMETERS: Readonly<Record<string, string>> = { email: 'ada@example.com', receipt: '0000-0000-0000' }

function callerOf({ security = [] }: Operation): ExampleRequest['caller'] {
  if (security.some((scheme) => 'service' in scheme)) return 'service'
  return security.length > 0 ? 'account' : 'public'
}

function exampleOf({ requestBody }: Operation, schemas: Description['components']['schemas']): object | undefined {
  const content = requestBody?.content['application/json']
  const name = content?.schema.$ref?.split('/').at(-1)
  const schema = name === undefined ? content?.schema : schemas[name]
  return content?.example ?? schema?.examples?.[0]
}
