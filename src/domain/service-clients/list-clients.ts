import type { Deps } from '../../deps.ts'

export interface ListedClient {
  readonly clientId: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly createdAt: Date
  readonly disabledAt: Date | null
  /** When the secret before the last rotation stops working; null if it has stopped. */
  readonly previousSecretExpiresAt: Date | null
}

/** Lists every service client, the oldest first, without secrets. */
export async function listClients(deps: Pick<Deps, 'db' | 'clock'>): Promise<ListedClient[]> {
  const clients = await deps.db.serviceClient.findMany({
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    omit: { secretHash: true, previousSecretHash: true },
  })
  const now = deps.clock.now()
  return clients.map(({ id, previousSecretExpiresAt, ...client }) => ({
    clientId: id,
    ...client,
    previousSecretExpiresAt: previousSecretExpiresAt && previousSecretExpiresAt > now ? previousSecretExpiresAt : null,
  }))
}
