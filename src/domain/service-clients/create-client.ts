import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { newClientSecret } from '../../security/client-secret.ts'
import type { Secret } from '../../security/secret.ts'
import { recordEvent } from '../events/record-event.ts'
import type { Requester } from '../events/requester.ts'
import type { Scope } from '../scopes.ts'
import { newClientId } from './client-id.ts'

/** The secret is shown only once: the service keeps its hash. */
export interface NewClient {
  readonly clientId: string
  readonly clientSecret: Secret<'client-secret'>
  readonly scopes: readonly Scope[]
}

/** Creates a client for another service. Its secret works at once; a scope that is named twice is granted once. */
export async function createClient(
  deps: Pick<Deps, 'db' | 'clock'>,
  input: { name: string; scopes: readonly Scope[]; by: Requester },
): Promise<NewClient> {
  const { name, by } = input
  const scopes = [...new Set(input.scopes)]
  const clientId = newClientId()
  const { secret, hash } = newClientSecret()
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    await tx.serviceClient.create({ data: { id: clientId, name, scopes, secretHash: hash, createdAt: now } })
    const details = { clientId, name, scopes: scopes.join(' ') }
    await recordEvent(tx, { type: 'service_client.created', at: now, ...by, details })
  })
  return { clientId, clientSecret: secret, scopes }
}
