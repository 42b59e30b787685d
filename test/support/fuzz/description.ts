import { readFile } from 'node:fs/promises'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
}

export interface Operation {
  /** `METHOD /path`, as in openapi.yaml. */
  readonly route: string
  readonly method: string
  readonly path: string
  readonly parameters: readonly Parameter[]
  /** Null if the route takes no body. */
  readonly body: { readonly contentType: string; readonly fields: readonly string[] } | null
}

interface Answered {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, { properties?: object }>>
    readonly responses: Readonly<Record<string, DescribedResponse>>
  }
}

interface DescribedResponse {
  readonly $ref?: string
  readonly content?: Content
}

interface DescribedOperation {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, DescribedResponse>>
}

type Content = Readonly<
  Record<
    string,
    {
      readonly schema: { readonly $ref?: string; readonly properties?: object }
      readonly examples?: Readonly<Record<string, object>>
    }
  >
>

const { paths, components } = parse(
  await readFile(new URL('../../../openapi.yaml', import.meta.url), 'utf8'),
) as Described

export const operations: readonly Operation[] = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { parameters = [], requestBody }]) => ({
    route: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    path,
    parameters,
    body: requestBody ? bodyOf(requestBody.content) : null,
  })),
)

function bodyOf(content: Content): Operation['body'] {
  const [contentType, { schema }] = Object.entries(content)[0] as [string, Content[string]]
  const properties = schema.properties ?? components.schemas[schema.$ref?.split('/').at(-1) ?? '']?.properties
  return { contentType, fields: Object.keys(properties ?? {}) }
}

const ajv = new Ajv2020({ strict: false, allErrors: false })
addFormats.default(ajv)
ajv.addSchema({ $id: 'api', components })
const compiled = new Map<string, ValidateFunction>()

/** How an answer deviates from openapi.yaml; null if it does not. The path may not support `method`. */
export function deviation(path: string, method: string, answer: Answered): string | null {
  const { statusCode: status } = answer
  if (status >= 500) return `${status} ${answer.body}`
  const operation = paths[path]?.[method.toLowerCase()]
  if (!operation) return null // an unsupported method may be refused in several ways, but not with a 500
  const described = describedResponse(operation, status)
  if (!described) return `${status} is not described: ${answer.body}`
  const contentType = String(answer.headers['content-type'] ?? '').split(';')[0] as string
  if (!described.content) return answer.body === '' ? null : `${status} is described without a body: ${answer.body}`
  if (!(contentType in described.content)) return `${status} is not described as ${contentType}: ${answer.body}`
  if (!/\bjson$/.test(contentType)) return null
  const { schema, examples = {} } = described.content[contentType] as Content[string]
  const { code } = JSON.parse(answer.body) as { code?: string }
  if (status >= 400 && code !== undefined && !(code in examples)) {
    return `${status} \`${code}\` is not described: ${answer.body}`
  }
  return schemaDeviation(`${path} ${method} ${status}`, schema, answer.body)
}

/** The response that the operation lists for the status, else the one for its range, such as `4XX`. */
function describedResponse({ responses }: DescribedOperation, status: number): DescribedResponse | undefined {
  const found = responses[status] ?? responses[`${Math.floor(status / 100)}XX`]
  const shared = found?.$ref?.split('/').at(-1)
  return shared === undefined ? found : components.responses[shared]
}

function schemaDeviation(name: string, schema: object | undefined, body: string): string | null {
  const validate = compiled.get(name) ?? ajv.compile(withAbsoluteReferences(schema ?? {}))
  compiled.set(name, validate)
  return validate(JSON.parse(body)) ? null : `${ajv.errorsText(validate.errors)}: ${body}`
}

/** References in openapi.yaml point into the document, which Ajv knows as `api`. */
function withAbsoluteReferences(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"api#/components'))
}
