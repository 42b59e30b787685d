import { isWriteConflict, type Pool } from './client.ts'

/**
 * The statements of the hot paths, by hand and named. One statement through `pg` is about eight times quicker than a
 * Prisma transaction (docs/decisions/0004), and one statement is what makes a refresh atomic without a lock of ours.
 */

export interface LiveSession {
  readonly sessionId: string
  readonly accountId: string
  readonly email: string
  readonly credentialVersion: number
  readonly authenticatedAt: Date
}

/** The session, if it and its account still stand: one read by key, run for every request with an access token. */
export async function readLiveSession(pool: Pool, sessionId: string, now: Date): Promise<LiveSession | null> {
  const { rows } = await pool.query<LiveSession>({
    name: 'read-live-session',
    text: READ_LIVE_SESSION,
    values: [sessionId, now],
  })
  return rows[0] ?? null
}

const READ_LIVE_SESSION = `
  SELECT s.id AS "sessionId", s.account_id AS "accountId", a.email,
         s.credential_version AS "credentialVersion", s.authenticated_at AS "authenticatedAt"
  FROM sessions s JOIN accounts a ON a.id = s.account_id
  WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > $2
    AND a.disabled_at IS NULL AND a.credential_version = s.credential_version`

export interface RotatedSession {
  readonly accountId: string
  readonly credentialVersion: number
  readonly authenticatedAt: Date
  readonly expiresAt: Date
  /** The number of the refresh token that is good from now on. */
  readonly refreshCounter: number
  readonly wasReused: boolean
}

/**
 * Spends refresh token number `counter` of a session, in one statement. PostgreSQL evaluates the cases again on the
 * newest row once a rival's update is through, so of twenty at once one advances the counter and the rest are its
 * predecessor within the window: they get the same successor. Anything older is theft: the session ends, its pending
 * email change ends and the event is written, for us and for other systems, all committed although the caller is
 * refused.
 *
 * Where nothing comes of it, it is run once more. PostgreSQL judges a session that it had to wait for by the session as it
 * is now but by the account as it was before, and so refuses the holder of one whose email change was being confirmed;
 * and the loser of a deadlock must not lose the record of a theft.
 *
 * @returns null where the session is over, its account is not in order, or the token was ended by a password change.
 */
export async function rotateRefreshToken(
  pool: Pool,
  input: {
    sessionId: string
    counter: number
    now: Date
    reuseWindowSeconds: number
    event: { id: string; ip: string; userAgent: string | null; requestId: string }
  },
): Promise<RotatedSession | null> {
  const { sessionId, counter, now, reuseWindowSeconds, event } = input
  const rotate = async () => {
    const { rows } = await pool.query<RotatedSession>({
      name: 'rotate-refresh-token',
      text: ROTATE_REFRESH_TOKEN,
      values: [sessionId, counter, now, reuseWindowSeconds, event.id, event.ip, event.userAgent, event.requestId],
    })
    return rows[0] ?? null
  }
  const rotated = await rotate().catch((error: unknown) => {
    if (isWriteConflict(error)) return null
    throw error
  })
  return rotated ?? (await rotate())
}

const IS_REUSED = `($2 < s.refresh_counter
  AND NOT ($2 = s.refresh_counter - 1 AND s.rotated_at > $3::timestamptz - make_interval(secs => $4)))`

const ROTATE_REFRESH_TOKEN = `
  WITH rotated AS (
    UPDATE sessions s SET
      refresh_counter = CASE WHEN $2 = s.refresh_counter THEN s.refresh_counter + 1 ELSE s.refresh_counter END,
      rotated_at = CASE WHEN $2 = s.refresh_counter THEN $3 ELSE s.rotated_at END,
      last_seen_at = $3,
      ended_at = CASE WHEN ${IS_REUSED} THEN $3::timestamptz END,
      end_reason = CASE WHEN ${IS_REUSED} THEN 'refresh_token_reused' END
    FROM accounts a
    WHERE s.id = $1 AND a.id = s.account_id AND s.ended_at IS NULL AND s.expires_at > $3
      AND a.disabled_at IS NULL AND a.credential_version = s.credential_version
      AND $2::int BETWEEN s.refresh_floor AND s.refresh_counter
    RETURNING s.*, s.ended_at IS NOT NULL AS was_reused
  ), event AS (
    INSERT INTO events (id, at, type, outcome, account_id, session_id, actor_type, ip, user_agent, request_id)
    SELECT $5, $3, 'session.refresh_token_reused', 'failure', account_id, id, 'anonymous', $6, $7, $8
    FROM rotated WHERE was_reused
  ), told AS (
    INSERT INTO security_events (id, at, type, account_id, session_id, actor_type)
    SELECT $5, $3, 'session.refresh_token_reused', account_id, id, 'anonymous' FROM rotated WHERE was_reused
    RETURNING account_id
  ), job AS (
    SELECT graphile_worker.add_job('address_security_events', json_build_object('accountId', account_id)) FROM told
  ), change AS (
    UPDATE email_changes c SET ended_at = $3, end_reason = 'session_ended'
    FROM rotated r
    WHERE r.was_reused AND c.account_id = r.account_id AND c.session_id = r.id AND c.confirmed_at IS NULL AND c.ended_at IS NULL
  )
  SELECT account_id AS "accountId", credential_version AS "credentialVersion", authenticated_at AS "authenticatedAt",
         expires_at AS "expiresAt", refresh_counter AS "refreshCounter", was_reused AS "wasReused"
  FROM rotated LEFT JOIN job ON true -- or it would not be run at all`
