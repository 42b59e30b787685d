import type { FastifyContextConfig as RouteDeclaration } from 'fastify'
import { derivedDescription } from './derived-description.ts'
import { rangeResponses } from './error-responses.ts'
import { sharedOAuthResponses } from './oauth-error-responses.ts'

/** As much of an OpenAPI document as is completed here. */
export interface ApiDocument {
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: Record<string, Record<string, object>>
}

interface Operation {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { required: boolean; readonly content: Content }
  responses: Record<string, Response>
  security?: readonly object[]
}

interface Parameter {
  readonly in: string
}

interface Response {
  readonly description?: string
  readonly content?: Content
}

type Content = Record<string, MediaType>

interface MediaType {
  readonly schema?: { readonly $ref?: string }
  examples?: object
}

export interface DeclaredRoute {
  readonly method: string
  readonly url: string
  readonly declaration: RouteDeclaration
}

/** Adds to the document what @fastify/swagger cannot read from the schemas of the routes. It changes the document. */
export function completeDocument(document: ApiDocument, routes: readonly DeclaredRoute[]): void {
  const operations = routes.flatMap((route) => {
    const path = route.url.replace(/:(\w+)/g, '{$1}')
    const operation = document.paths[path]?.[route.method.toLowerCase()]
    return operation ? [{ operation, declaration: route.declaration }] : []
  })
  for (const { operation, declaration } of operations) addDerived(operation, declaration)
  document.components['responses'] = sharedResponses(operations.map(({ operation }) => operation))
  document.components['headers'] = headers
  moveExamples(document)
}

function addDerived(operation: Operation, declaration: RouteDeclaration): void {
  const { requestBody, parameters = [] } = operation
  if (requestBody && declaration.bodyIsOptional) requestBody.required = false
  const takesInput = requestBody !== undefined || parameters.some((parameter) => parameter.in === 'query')
  const { security, errors } = derivedDescription(declaration, takesInput)
  if (security) operation.security = security
  operation.responses = { ...operation.responses, ...errors }
}

const headers = {
  RetryAfter: {
    description: 'Seconds to wait before the next attempt.',
    schema: { type: 'integer', minimum: 1, examples: [30] },
  },
  WwwAuthenticate: {
    description: 'How to authenticate (RFC 6750, RFC 7617).',
    schema: { type: 'string', examples: ['Bearer'] },
  },
}

/** Replaces each error response that several operations have by a reference to one, which is named after its codes. */
function sharedResponses(operations: readonly Operation[]): Record<string, object> {
  const all = operations
    .flatMap(({ responses }) => Object.values(responses))
    .map((response) => JSON.stringify(response))
  const shared: Record<string, object> = { ...rangeResponses, ...sharedOAuthResponses }
  for (const { responses } of operations) {
    for (const [status, response] of Object.entries(responses)) {
      const text = JSON.stringify(response)
      if ('$ref' in response || status.startsWith('2') || all.filter((other) => other === text).length === 1) continue
      const name = refusalName(response)
      if (JSON.stringify(shared[name] ?? response) !== text) continue // the same codes with other meanings
      shared[name] = response
      responses[status] = { $ref: `#/components/responses/${name}` } as Response
    }
  }
  return shared
}

/** Not the name of a schema: some generators put responses and schemas into one package. */
function refusalName({ content = {} }: Response): string {
  const codes = Object.values(content).flatMap(({ examples = {} }) => Object.keys(examples))
  const words = codes.sort().flatMap((code) => code.split('_'))
  return `${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}Refusal`
}

/**
 * Moves the examples of the named schemas to `components/examples`, and refers to them where a body or an answer has the
 * schema: there, every tool that shows or sends examples finds them.
 */
function moveExamples(document: ApiDocument): void {
  const { schemas = {}, examples = {} } = document.components
  const names = new Map<string, string[]>()
  for (const [schemaName, schema] of Object.entries(schemas)) {
    const { examples: values } = schema as { examples?: readonly unknown[] }
    if (values === undefined) continue
    delete (schema as { examples?: unknown }).examples
    const own = values.map((value, index) => {
      const name = index === 0 ? schemaName : `${schemaName}${index + 1}`
      examples[name] = { value }
      return name
    })
    names.set(schemaName, own)
  }
  for (const mediaType of mediaTypesOf(document)) {
    const own = names.get(mediaType.schema?.$ref?.split('/').at(-1) ?? '')
    if (!own) continue
    mediaType.examples ??= Object.fromEntries(own.map((name) => [name, { $ref: `#/components/examples/${name}` }]))
  }
}

function mediaTypesOf({ paths }: ApiDocument): MediaType[] {
  return Object.values(paths)
    .flatMap((methods) => Object.values(methods))
    .flatMap(({ requestBody, responses }) => [requestBody, ...Object.values(responses)])
    .flatMap((part) => Object.values(part?.content ?? {}))
}
