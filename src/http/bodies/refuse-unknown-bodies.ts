import type { FastifyInstance } from 'fastify'
import { Refusal } from '../../domain/problems.ts'
import { WHOLE_BODY } from './strict-json.ts'

/** Refuses the fields of a body that a route does not read. Other routes refuse the fields that they do not know. */
export function refuseUnknownBodies(app: FastifyInstance): void {
  app.addHook('preValidation', (request, _reply, done) => {
    const { body, routeOptions } = request
    if (body !== undefined && !routeOptions.schema?.body) refuseFields(body)
    done()
  })
}

function refuseFields(body: unknown): void {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body)
  const fields = isObject ? Object.keys(body) : [WHOLE_BODY]
  if (fields.length === 0) return
  const violations = fields.map((field) => ({ field, rule: 'unknown', message: 'This route takes no fields.' }))
  throw new Refusal('invalid_request', { violations })
}
