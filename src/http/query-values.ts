import type { FastifyInstance } from 'fastify'
import { Refusal } from '../domain/problems.ts'

interface QuerySchema {
  readonly properties?: Readonly<Record<string, { readonly type?: string }>>
}

/** A whole number as this API writes it: without a sign, leading zeros, an exponent or spaces. */
const WHOLE_NUMBER = /^(?:0|[1-9]\d{0,8})$/

/**
 * Prepares the query of a request for its schema: reads the parameters that are numbers, and refuses NUL, which PostgreSQL
 * does. Ajv's own conversion would also take `1e1` and ` 5`.
 *
 * @throws {Refusal} invalid_request
 */
export function readQueryValues(app: FastifyInstance): void {
  app.addHook('preValidation', (request, _reply, done) => {
    const schema = request.routeOptions.schema?.querystring as QuerySchema | undefined
    if (schema) readValues(request.query as Record<string, unknown>, schema)
    done()
  })
}

function readValues(query: Record<string, unknown>, schema: QuerySchema): void {
  for (const [name, value] of Object.entries(query)) {
    if (typeof value !== 'string') continue
    if (value.includes('\0')) refuseNul(name)
    if (schema.properties?.[name]?.type === 'integer' && WHOLE_NUMBER.test(value)) query[name] = Number(value)
  }
}

function refuseNul(field: string): never {
  const message = 'The text contains a NUL character.'
  throw new Refusal('invalid_request', { violations: [{ field, rule: 'nul', message }] })
}
