import type { Pool } from './client.ts'

export interface LiveClient {
  readonly clientId: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly secretHash: string
  readonly previousSecretHash: string | null
  readonly previousSecretExpiresAt: Date | null
}

/**
 * The service client, if it is not disabled: one read by key, run for every request with client credentials or a
 * service token. By hand and named, as those in session-statements.ts are.
 */
export async function readLiveClient(pool: Pool, clientId: string): Promise<LiveClient | null> {
  const { rows } = await pool.query<LiveClient>({
    name: 'read-live-client',
    text: READ_LIVE_CLIENT,
    values: [clientId],
  })
  return rows[0] ?? null
}

const READ_LIVE_CLIENT = `
  SELECT id AS "clientId", name, scopes, secret_hash AS "secretHash", previous_secret_hash AS "previousSecretHash",
         previous_secret_expires_at AS "previousSecretExpiresAt"
  FROM service_clients WHERE id = $1 AND disabled_at IS NULL`
