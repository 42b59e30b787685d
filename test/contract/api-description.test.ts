import { readFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'
import { SCOPES } from '../../src/domain/scopes.ts'

/**
 * The form that the generators of clients take well, and the texts that a reader needs. No linter checks these rules.
 * test/clients generates and runs three clients.
 */
interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly enum?: readonly unknown[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly oneOf?: readonly Schema[]
  readonly anyOf?: unknown
  readonly allOf?: unknown
}
interface MediaType {
  readonly schema: Schema
  readonly examples?: Readonly<Record<string, { readonly $ref?: string; readonly value?: unknown }>>
}
interface Response {
  readonly $ref?: string
  readonly description?: string
  readonly headers?: Readonly<Record<string, unknown>>
  readonly content?: Readonly<Record<string, MediaType>>
}
interface Operation {
  readonly operationId: string
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly security?: ReadonlyArray<Readonly<Record<string, readonly string[]>>>
  readonly parameters?: ReadonlyArray<{ name: string; in: string; description?: string; schema: Schema }>
  readonly requestBody?: { readonly content: Readonly<Record<string, MediaType>> }
  readonly responses: Readonly<Record<string, Response>>
}
interface Description {
  readonly tags: ReadonlyArray<{ name: string; description: string }>
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>
    readonly responses: Readonly<Record<string, Response>>
    readonly examples: Readonly<Record<string, { readonly value: unknown }>>
    readonly securitySchemes: Readonly<Record<string, { readonly description?: string }>>
  }
}

const text = await readFile(new URL('../../openapi.yaml', import.meta.url), 'utf8')
const { tags, paths, components } = parse(text) as Description
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ route: `${method.toUpperCase()} ${path}`, ...operation })),
)
const errors = operations.flatMap(({ route, responses }) =>
  Object.entries(responses)
    .filter(([status]) => !status.startsWith('2'))
    .map(([status, response]) => ({ at: `${route} ${status}`, status, ...resolved(response) })),
)

function resolved(response: Response): Response {
  const name = response.$ref?.split('/').at(-1)
  return name === undefined ? response : (components.responses[name] as Response)
}

/** Every schema of the document with its place: the named ones, and what is inside them. */
function* schemas(): Generator<{ at: string; schema: Schema; isNamed: boolean }> {
  function* inside(at: string, schema: Schema, isNamed: boolean): ReturnType<typeof schemas> {
    yield { at, schema, isNamed }
    for (const [name, property] of Object.entries(schema.properties ?? {}))
      yield* inside(`${at}.${name}`, property, false)
    if (schema.items) yield* inside(`${at}[]`, schema.items, false)
    for (const choice of schema.oneOf ?? []) yield* inside(`${at}|`, choice, false)
  }
  for (const [name, schema] of Object.entries(components.schemas)) yield* inside(name, schema, true)
  for (const { route, parameters = [] } of operations) {
    for (const { name, schema } of parameters) yield* inside(`${route} ${name}`, schema, false)
  }
}
const all = [...schemas()]

/** Where the rule does not hold. */
function except(isWrong: (entry: (typeof all)[number]) => boolean): string[] {
  return all.filter(isWrong).map(({ at }) => at)
}

test('every body and every answer in JSON is a named schema', () => {
  const anonymous = operations.flatMap(({ route, requestBody, responses }) =>
    [requestBody, ...Object.values(responses).map(resolved)]
      .flatMap((part) => Object.entries(part?.content ?? {}))
      .filter(([type, { schema }]) => /json$|urlencoded$/.test(type) && !type.includes('ndjson') && !schema.$ref)
      .map(([type]) => `${route} ${type}`),
  )

  expect(anonymous).toEqual([])
})

test('every object with fields, and every list of several texts, has a name of its own', () => {
  expect(except(({ schema, isNamed }) => !isNamed && schema.properties !== undefined)).toEqual([])
  expect(except(({ schema, isNamed }) => !isNamed && (schema.enum?.length ?? 0) > 1)).toEqual([])
  expect(except(({ schema }) => schema.enum !== undefined && schema.type !== 'string')).toEqual([])
})

test('null has one form for a plain type and one for a named schema, and nothing else is a choice', () => {
  expect(except(({ schema }) => schema.anyOf !== undefined || schema.allOf !== undefined)).toEqual([])
  const isNullable = ({ oneOf = [] }: Schema) =>
    oneOf.length === 2 && oneOf[0]?.$ref !== undefined && oneOf[1]?.type === 'null'
  expect(except(({ schema }) => schema.oneOf !== undefined && !isNullable(schema))).toEqual([])
  const isPlain = (type: Schema['type']) => !Array.isArray(type) || (type.length === 2 && type[1] === 'null')
  expect(except(({ schema }) => !isPlain(schema.type))).toEqual([])
})

test('an id is a uuid, a time is a date-time, and a number is a number', () => {
  const ofName = (pattern: RegExp) => (at: string) => pattern.test(at.split(/[ .]/).at(-1) ?? '')
  const isId = ofName(/^(?:id|accountId)$/)
  // The id of an actor may be one of a service client.
  expect(except(({ at, schema }) => isId(at) && schema.format !== 'uuid' && at !== 'Actor.id')).toEqual([])
  expect(except(({ at, schema }) => ofName(/(?:At|Until)$/)(at) && schema.format !== 'date-time')).toEqual([])
  expect(except(({ at, schema }) => ofName(/^limit$/)(at) && schema.type !== 'integer')).toEqual([])
})

test('no response and no security scheme has the name of a schema or of a class that generators write', () => {
  const names = [...Object.keys(components.schemas), 'Client', 'Server', 'Error', 'Response']

  expect(Object.keys(components.responses).filter((name) => names.includes(name))).toEqual([])
  const schemes = Object.keys(components.securitySchemes).map((name) => name.charAt(0).toUpperCase() + name.slice(1))
  expect(schemes.filter((name) => names.includes(name))).toEqual([])
})

test('every operation has a unique id, a tag, a summary and a description, and closes with 4XX and 5XX', () => {
  const ids = operations.map(({ operationId }) => operationId)
  const known = tags.map(({ name }) => name)
  const incomplete = operations.filter(
    ({ operationId, summary = '', description = '', tags: own = [], responses }) =>
      !/^[a-z]+[A-Za-z]*$/.test(operationId) ||
      !/^[A-Z].*[^.]$/.test(summary) ||
      !/^[A-Z].*\.$/s.test(description) ||
      own.length !== 1 ||
      !own.every((tag) => known.includes(tag)) ||
      !responses['4XX'] ||
      !responses['5XX'],
  )

  expect(new Set(ids).size).toBe(ids.length)
  expect(incomplete.map(({ route }) => route)).toEqual([])
})

test('every schema, field, parameter, tag and security scheme is described in whole sentences', () => {
  const isSentence = (description = '') => /^[A-Z`].*[.!?]$/s.test(description.trim())
  const isPart = (at: string) => at.endsWith('[]') || at.endsWith('|')
  const parameters = operations.flatMap(({ route, parameters: own = [] }) =>
    own
      .filter(({ description, schema }) => !isSentence(description) && !schema.$ref)
      .map(({ name }) => `${route} ${name}`),
  )
  const schemes = Object.entries(components.securitySchemes).filter(([, { description }]) => !isSentence(description))

  const isUndescribed = ({ at, schema }: (typeof all)[number]) =>
    !at.includes(' ') && !isPart(at) && !schema.$ref && !isSentence(schema.description)
  expect(except((entry) => isUndescribed(entry) && !/Request$/.test(entry.at))).toEqual([])
  expect([...parameters, ...schemes, ...tags.filter(({ description }) => !isSentence(description))]).toEqual([])
})

test('every error has one content type and one schema, and explains each code that it has an example of', () => {
  const wrong = errors.filter(({ description = '', content = {} }) => {
    const [[type, media] = [], ...others] = Object.entries(content)
    const expected = type === 'application/problem+json' ? 'Problem' : 'OAuthError'
    const codes = Object.keys(media?.examples ?? {})
    const isExplained = codes.every((code) => new RegExp(`\`${code}\`: [A-Z\`].{15,}\\.`).test(description))
    return others.length > 0 || !media?.schema.$ref?.endsWith(`/${expected}`) || codes.length === 0 || !isExplained
  })

  expect(wrong.map(({ at }) => at)).toEqual([])
})

test('the headers that tell a client what to do next are declared', () => {
  const lacks = (status: RegExp, header: string) =>
    errors.filter((error) => status.test(error.status) && !error.headers?.[header]).map(({ at }) => at)

  expect(lacks(/^(?:429|5XX)$/, 'Retry-After')).toEqual([])
  expect(lacks(/^401$/, 'WWW-Authenticate')).toEqual([])
})

test('an operation for services names its scope, and no other scope exists', () => {
  const scopes = operations.flatMap(({ security = [] }) => security.flatMap(({ serviceToken = [] }) => serviceToken))
  const unnamed = operations
    .filter(({ route }) => route.includes('/v1/admin/'))
    .filter(({ security = [] }) => security[0]?.['serviceToken']?.length !== 1)

  expect(unnamed.map(({ route }) => route)).toEqual([])
  expect(new Set([...scopes, 'tokens:introspect'])).toEqual(new Set(Object.keys(SCOPES)))
})

test('every body and every answer with content has an example, and every example is valid', () => {
  const ajv = new Ajv2020({ strict: false })
  addFormats.default(ajv)
  ajv.addSchema({ $id: 'api', components })
  const contents = operations.flatMap(({ route, requestBody, responses }) =>
    [requestBody, ...Object.values(responses).map(resolved)]
      .flatMap((part) => Object.entries(part?.content ?? {}))
      .filter(([type]) => /json$|urlencoded$/.test(type) && !type.includes('ndjson'))
      .map(([, media]) => ({ route, ...media })),
  )
  const findings = contents.flatMap(({ route, schema, examples = {} }) => {
    const values = Object.values(examples).map(({ $ref, value }) =>
      $ref === undefined ? value : components.examples[$ref.split('/').at(-1) ?? '']?.value,
    )
    const validate = ajv.getSchema(`api${schema.$ref}`)
    if (values.length === 0) return [`${route}: ${schema.$ref} has no example`]
    return values.filter((value) => !validate?.(value)).map((value) => `${route}: ${JSON.stringify(value)}`)
  })

  expect(contents.length).toBeGreaterThan(200)
  expect(findings).toEqual([])
})

test('the file has no character that a generator would copy into its code unseen', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f]|\\u0000|\\0/)
})
