import type { Pool } from './client.ts'

/**
 * The statements that run for every request of another service. As in session-statements.ts they are written by hand
 * and named. Each of them reads by primary key only. An introspection reads the caller and the token in one statement.
 */

export interface LiveClient {
  readonly clientId: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly secretHash: string
  readonly previousSecretHash: string | null
  readonly previousSecretExpiresAt: Date | null
}

/** Reads a service client; null if it is disabled, or if the access token that it presents was revoked. */
export async function readLiveClient(
  pool: Pool,
  caller: { clientId: string; tokenId: string | null },
): Promise<LiveClient | null> {
  const { rows } = await pool.query<LiveClient>({
    name: 'read-live-client',
    text: READ_LIVE_CLIENT,
    values: [caller.clientId, caller.tokenId],
  })
  return rows[0] ?? null
}

const CALLER = `c.id AS "clientId", c.name, c.scopes, c.secret_hash AS "secretHash",
  c.previous_secret_hash AS "previousSecretHash", c.previous_secret_expires_at AS "previousSecretExpiresAt"`
const CALLER_IS_VALID = `c.id = $1 AND c.disabled_at IS NULL
  AND ($2::uuid IS NULL OR NOT EXISTS (SELECT FROM revoked_tokens r WHERE r.token_id = $2::uuid))`

const READ_LIVE_CLIENT = `SELECT ${CALLER} FROM service_clients c WHERE ${CALLER_IS_VALID}`

/** The keys by which the introspected token is found. All are null if the service did not issue the token. */
export interface SubjectKeys {
  readonly sessionId: string | null
  readonly clientId: string | null
  readonly tokenId: string | null
}

export interface SubjectSession {
  readonly accountId: string
  readonly credentialVersion: number
  readonly refreshCounter: number
  readonly refreshFloor: number
  readonly rotatedAt: Date
  readonly authenticatedAt: Date
  readonly expiresAt: Date
}

/**
 * The caller, and the session or the scopes of the client that the token belongs to; null if those are no longer valid.
 */
export interface IntrospectionRow extends LiveClient {
  readonly session: SubjectSession | null
  readonly subjectScopes: readonly string[] | null
}

/** Reads the caller and the introspected token; null if the caller is not a valid client. */
export async function readForIntrospection(
  pool: Pool,
  input: { caller: { clientId: string; tokenId: string | null }; subject: SubjectKeys; now: Date },
): Promise<IntrospectionRow | null> {
  const { caller, subject, now } = input
  const { rows } = await pool.query<LiveClient & SubjectSession & { subjectScopes: string[] | null }>({
    name: 'read-for-introspection',
    text: READ_FOR_INTROSPECTION,
    values: [caller.clientId, caller.tokenId, subject.sessionId, now, subject.clientId, subject.tokenId],
  })
  const [row] = rows
  return row ? { ...row, session: row.accountId === null ? null : row } : null
}

export const READ_FOR_INTROSPECTION = `
  SELECT ${CALLER}, s.account_id AS "accountId", s.credential_version AS "credentialVersion",
         s.refresh_counter AS "refreshCounter", s.refresh_floor AS "refreshFloor", s.rotated_at AS "rotatedAt",
         s.authenticated_at AS "authenticatedAt", s.expires_at AS "expiresAt", t.scopes AS "subjectScopes"
  FROM service_clients c
  LEFT JOIN (sessions s JOIN accounts a ON a.id = s.account_id AND a.disabled_at IS NULL
                                       AND a.credential_version = s.credential_version)
         ON s.id = $3::uuid AND s.ended_at IS NULL AND s.expires_at > $4::timestamptz
  LEFT JOIN service_clients t ON t.id = $5 AND t.disabled_at IS NULL
                             AND NOT EXISTS (SELECT FROM revoked_tokens r WHERE r.token_id = $6::uuid)
  WHERE ${CALLER_IS_VALID}`
