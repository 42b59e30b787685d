import type { Deps } from '../../src/deps.ts'
import type { Requester } from '../../src/domain/events/requester.ts'
import type { Scope } from '../../src/domain/scopes.ts'
import { createClient } from '../../src/domain/service-clients/create-client.ts'
import type { Api } from './api.ts'

export interface RegisteredClient {
  readonly id: string
  readonly secret: string
}

/** An operator at a shell. */
export const OPERATOR: Requester = { actor: { operator: 'olga' }, origin: null }

/** Creates a service client as `latchkey clients create` does. There is no route for it. */
export async function registerClient(deps: Deps, ...scopes: Scope[]): Promise<RegisteredClient> {
  const { clientId, clientSecret } = await createClient(deps, {
    name: `for ${scopes.join(' ')}`,
    scopes,
    by: OPERATOR,
  })
  return { id: clientId, secret: clientSecret.reveal() }
}

/** The header of HTTP Basic authentication. */
export function basicOf(client: RegisteredClient): { authorization: string } {
  const encoded = [client.id, client.secret].map(encodeURIComponent).join(':')
  return { authorization: `Basic ${Buffer.from(encoded).toString('base64')}` }
}

export async function serviceTokenOf(api: Api, client: RegisteredClient): Promise<string> {
  const fields = { grant_type: 'client_credentials' }
  const answer = await api.form('/oauth/token', fields, { headers: basicOf(client) })
  if (answer.status !== 200) throw new Error(`no token in ${answer.status} ${answer.text}`)
  return answer.body.access_token
}
