import { Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { validate as isUuid } from 'uuid'
import type { Requester } from '../domain/events/requester.ts'
import { Refusal } from '../domain/problems.ts'
import { serviceOf } from './caller.ts'
import { originOf } from './request-log.ts'

export const AccountParams = Type.Object({ id: Type.String({ description: 'The id of an account.' }) })

export const AddressParams = Type.Object({ email: Type.String({ description: 'An email address.' }) })

/** @throws {Refusal} not_found for a text that is not an id, as for an id that no account has. */
export function accountIdIn(params: { id: string }): string {
  if (!isUuid(params.id)) throw new Refusal('not_found')
  return params.id
}

/** The service client that makes the request, and where the request comes from. */
export function requesterOf(request: FastifyRequest): Requester {
  return { actor: { serviceClientId: serviceOf(request).clientId }, origin: originOf(request) }
}
