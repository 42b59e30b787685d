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

interface Operation {
  readonly security?: ReadonlyArray<Record<string, unknown>>
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly examples?: Readonly<Record<string, { $ref: string }>> }>>
  }
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly examples: Readonly<Record<string, { readonly value: object }>> }
}

/** One well-formed request for every route of openapi.yaml that takes JSON or no body, from the examples in the document. */
export async function exampleRequests(app: FastifyInstance): Promise<ExampleRequest[]> {
  await app.ready()
  const { document } = await app.describe()
  const { paths, components } = document as unknown as Description
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { requestBody }]) => !requestBody || requestBody.content['application/json'])
      .map(([method, operation]) => ({
        route: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        path: path.replace(/\{(\w+)\}/g, (_, name: string) => PARAMETERS[name] ?? SOME_ID),
        caller: callerOf(operation),
        body: exampleOf(operation, components.examples),
      })),
  )
}

const SOME_ID = '0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c55'
const PARAMETERS: Readonly<Record<string, string>> = { email: 'ada@example.com', receipt: '0000-0000-0000' }

function callerOf({ security = [] }: Operation): ExampleRequest['caller'] {
  if (security.some((scheme) => 'serviceToken' in scheme)) return 'service'
  return security.length > 0 ? 'account' : 'public'
}

/** The first example of the body. */
function exampleOf({ requestBody }: Operation, examples: Description['components']['examples']): object | undefined {
  const [reference] = Object.values(requestBody?.content['application/json']?.examples ?? {})
  return examples[reference?.$ref.split('/').at(-1) ?? '']?.value
}
