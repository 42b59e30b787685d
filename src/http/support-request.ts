import type { FastifyRequest } from 'fastify'
import type { Requester } from '../domain/events/requester.ts'
import { serviceOf } from './caller.ts'
import { Type } from './openapi/schema-types.ts'
import { originOf } from './request-log.ts'
import { text, uuid } from './schemas.ts'

export const AccountParams = Type.Object({ id: uuid('The id of the account.') })

export const AddressParams = Type.Object({
  email: text('The email address. Encode it for a path: `ada%40example.com`.'),
})

export const UNKNOWN_ACCOUNT = { code: 'not_found', meaning: 'No account has this id.' } as const

/** The service client that makes the request, and where the request comes from. */
export function requesterOf(request: FastifyRequest): Requester {
  return { actor: { serviceClientId: serviceOf(request).clientId }, origin: originOf(request) }
}
