import type { FastifyRequest } from 'fastify'
import type { Deps } from '../../deps.ts'
import type { ClientCredentials, ClientProof } from '../../domain/service-clients/authenticate-client.ts'
import { OAuthRefusal } from '../../domain/service-clients/oauth-refusal.ts'
import { Secret } from '../../security/secret.ts'
import { bearerToken } from '../caller.ts'
import { verifyServiceToken } from '../tokens/access-token.ts'
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

/**
 * How a service says which it is where it may do so by an access token as well (RFC 7662 section 2.1).
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
  const token = bearerToken(request)
  const claims = token === null ? null : await verifyServiceToken(deps, token)
  if (!claims) throw new OAuthRefusal('invalid_token')
  return { claims }
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
