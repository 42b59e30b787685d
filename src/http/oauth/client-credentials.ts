import type { FastifyRequest } from 'fastify'
import type { Deps } from '../../deps.ts'
import type { ClientCredentials, ClientProof } from '../../domain/service-clients/authenticate-client.ts'
import { OAuthRefusal } from '../../domain/service-clients/oauth-refusal.ts'
import { Secret } from '../../security/secret.ts'
import { readBearerToken } from '../tokens/access-token.ts'
import { decodeFormText } from './strict-form.ts'

/**
 * Reads the client credentials from the Basic header or from the body. A request may use one of the two (RFC 6749
 * section 2.3). The result is null if it uses neither.
 *
 * @throws {OAuthRefusal} invalid_request if both are used, invalid_client if the header cannot be read.
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

/**
 * Reads the client credentials or the access token of a service, for a route that accepts both (RFC 7662 section 2.1).
 *
 * @throws {OAuthRefusal} invalid_request, invalid_client, invalid_token
 */
export async function clientProof(deps: Deps, request: FastifyRequest): Promise<ClientProof> {
  const credentials = clientCredentials(request)
  const isBearer = /^Bearer(?: |$)/i.test(request.headers.authorization ?? '')
  if (credentials && isBearer) {
    throw new OAuthRefusal('invalid_request', 'Send client credentials or an access token, not both.')
  }
  if (credentials) return { credentials }
  if (!isBearer) throw new OAuthRefusal('invalid_client')
  const token = await readBearerToken(deps, request)
  if (token?.kind !== 'service') throw new OAuthRefusal('invalid_token')
  return { claims: token.claims }
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
