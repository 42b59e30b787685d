import type { Pool } from './client.ts'
import type { Connection } from './statement.ts'

/** The statements of a sign-in, written by hand for the reason that session-statements.ts gives. */

/** What a password is compared with. The columns of the account are null if the address has none. */
export interface CandidateRow {
  readonly id: string | null
  readonly passwordHash: string | null
  readonly credentialVersion: number
  readonly isVerified: boolean
  readonly isDisabled: boolean
  readonly registeredHash: string | null
  readonly costliest: number | null
}

/**
 * Reads the account and the newest registration of an address, and the highest bcrypt cost of any stored hash. This is
 * always one statement: a second statement only for existing accounts would take measurable time.
 *
 * @param registeredSince Compared with `created_at`, not with `expires_at`: only registrations of free addresses get a
 *   later `expires_at`, so `expires_at` would reveal which addresses are free.
 */
export async function readCandidate(
  pool: Pool,
  wanted: { address: string; registeredSince: Date; costs: readonly [lowest: number, highest: number] },
): Promise<CandidateRow> {
  const { address, registeredSince, costs } = wanted
  const { rows } = await pool.query<CandidateRow>({
    name: 'read-candidate',
    text: READ_CANDIDATE,
    values: [address, registeredSince, ...costs],
  })
  if (!rows[0]) throw new Error('the statement always has one row')
  return rows[0]
}

const READ_CANDIDATE = `
  SELECT a.id, a.password_hash AS "passwordHash", a.credential_version AS "credentialVersion",
         a.email_verified_at IS NOT NULL AS "isVerified", a.disabled_at IS NOT NULL AS "isDisabled",
         r.password_hash AS "registeredHash",
         GREATEST(
           (SELECT max(bcrypt_cost(password_hash)) FROM accounts WHERE bcrypt_cost(password_hash) BETWEEN $3::int AND $4::int),
           (SELECT max(bcrypt_cost(password_hash)) FROM registrations
            WHERE bcrypt_cost(password_hash) BETWEEN $3::int AND $4::int)) AS costliest
  FROM (SELECT $1::text AS address) wanted
  LEFT JOIN addresses held ON held.address = wanted.address AND held.locked_at IS NULL
  LEFT JOIN accounts a ON a.id = held.account_id
  LEFT JOIN LATERAL (
    SELECT password_hash FROM registrations
    WHERE address = wanted.address AND created_at > $2 ORDER BY created_at DESC LIMIT 1
  ) r ON true`

export async function replacePasswordHash(connection: Connection, accountId: string, hash: string): Promise<void> {
  await connection.query('UPDATE accounts SET password_hash = $2 WHERE id = $1', [accountId, hash])
}

export interface NewSession {
  readonly id: string
  readonly accountId: string
  readonly credentialVersion: number
  readonly origin: { readonly ip: string; readonly userAgent: string | null; readonly requestId: string }
  readonly now: Date
  readonly expiresAt: Date
}

/**
 * Opens a session and records the audit event. The account's row must be locked.
 *
 * @returns the account's oldest open sessions, if there are more than `mostSessions` with the new one.
 */
export async function insertSession(
  connection: Connection,
  session: NewSession,
  { eventId, mostSessions }: { eventId: string; mostSessions: number },
): Promise<string[]> {
  const { id, accountId, credentialVersion, origin, now, expiresAt } = session
  const { ip, userAgent, requestId } = origin
  const others = mostSessions - 1 // the statement does not see the new row
  const { rows } = await connection.query<{ id: string }>({
    name: 'insert-session',
    text: INSERT_SESSION,
    values: [id, accountId, credentialVersion, ip, userAgent, now, expiresAt, eventId, requestId, others],
  })
  return rows.map((row) => row.id)
}

const INSERT_SESSION = `
  WITH session AS (
    INSERT INTO sessions (id, account_id, credential_version, ip, last_ip, user_agent, created_at, rotated_at,
                          authenticated_at, last_seen_at, expires_at)
    VALUES ($1, $2::uuid, $3, $4, $4, $5, $6, $6, $6, $6, $7)
  ), event AS (
    INSERT INTO events (id, at, type, outcome, account_id, session_id, actor_type, actor_id, ip, user_agent, request_id)
    VALUES ($8, $6, 'login', 'success', $2::uuid, $1, 'account', $2::uuid::text, $4, $5, $9)
  )
  SELECT id FROM sessions WHERE account_id = $2::uuid AND ended_at IS NULL AND expires_at > $6
  ORDER BY created_at DESC OFFSET $10`

/** Ends sessions because the account has too many, with the email changes that they requested. */
export async function endExcessSessions(
  connection: Connection,
  excess: { accountId: string; sessionIds: readonly string[]; now: Date },
): Promise<void> {
  const values = [excess.accountId, excess.sessionIds, excess.now]
  await connection.query(END_EXCESS_SESSIONS, values)
  // A request for an email change locks its session row. The first update waited for that lock, so the new change is
  // visible to this one.
  await connection.query(END_THEIR_EMAIL_CHANGES, values)
}

const END_EXCESS_SESSIONS = `
  UPDATE sessions SET ended_at = $3, end_reason = 'too_many_sessions'
  WHERE account_id = $1 AND id = ANY ($2::uuid[]) AND ended_at IS NULL AND expires_at > $3`
const END_THEIR_EMAIL_CHANGES = `
  UPDATE email_changes SET ended_at = $3, end_reason = 'session_ended'
  WHERE account_id = $1 AND session_id = ANY ($2::uuid[]) AND confirmed_at IS NULL AND ended_at IS NULL`
