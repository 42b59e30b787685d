import type { FastifyRequest } from 'fastify'
import type { ClientCredentials } from '../domain/service-clients/authenticate-client.ts'
import { OAuthRefusal } from '../domain/service-clients/oauth-refusal.ts'
import { Secret } from '../security/secret.ts'
import { decodeFormText } from './strict-form.ts'

/**
 * The credentials in the Basic header or in the body, by one method a request (RFC 6749 section 2.3); null where there
 * are none.
 *
 * @throws {OAuthRefusal} invalid_request where both are used, invalid_client where the header cannot be read.
 */
export function clientCredentials(request: FastifyRequest): ClientCredentials | null {
  const body = (request.body ?? {}) as { client_id?: string; client_secret?: string }
  const basic = readBasic(request.headers.authorization)
  if (!basic) {
    if (body.client_id === undefined || body.client_secret === undefined) return null
    return { clientId: body.client_id, clientSecret: new Secret(body.client_secret) }
  }
  if (body.client_secret !== undefined || (body.client_id !== undefined && body.client_id !== basic.clientId)) {
    throw new OAuthRefusal('invalid_request', 'Send the client credentials in the header or in the body, not in both.')
  }
  return basic
}

function readBasic(header: string | undefined): ClientCredentials | null {
  const scheme = /^Basic(?: +|$)/i.exec(header ?? '')?.[0]
  if (header === undefined || scheme === undefined) return null
  const encoded = header.slice(scheme.length).trim()
  const [id = '', ...secret] = Buffer.from(encoded, 'base64').toString('latin1').split(':')
  try {
    return { clientId: decodeFormText(id), clientSecret: new Secret(decodeFormText(secret.join(':'))) }
  } catch {
    throw new OAuthRefusal('invalid_client')
  }
}
