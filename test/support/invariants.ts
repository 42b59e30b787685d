import type { Pool } from '../../src/database/client.ts'

/** What must be true of the database after any committed request, at whatever moment a process was killed. A query finds violations. */
const INVARIANTS: Readonly<Record<string, string>> = {
  'I1: an account whose address is not the one address row it holds': `
    SELECT a.id FROM accounts a
    LEFT JOIN addresses d ON d.account_id = a.id AND d.locked_at IS NULL
    WHERE d.address IS DISTINCT FROM lower(a.email)`,
  'I1: a mail to an address that is not found under its compared form': `
    SELECT id FROM mails WHERE address <> lower(email)`,
  'I2: a link that was spent after it had died, or twice for one change': `
    SELECT token_hash FROM mailed_tokens WHERE spent_at > expires_at
    UNION ALL
    SELECT email_change_id::text FROM mailed_tokens WHERE purpose = 'confirm_email' AND spent_at IS NOT NULL
    GROUP BY email_change_id HAVING count(*) > 1`,
  'I2: a reset without a spent link': `
    SELECT e.account_id FROM (
      SELECT account_id, count(*) AS resets FROM events WHERE type = 'password.reset' AND outcome = 'success' GROUP BY 1
    ) e
    JOIN accounts a ON a.id = e.account_id
    WHERE e.resets > (
      SELECT count(*) FROM mailed_tokens t WHERE t.purpose = 'reset_password' AND t.spent_at IS NOT NULL
      AND (t.account_id = a.id OR t.account_id IS NULL))`,
  'I3: a live session from before a credential change': `
    SELECT s.id FROM sessions s JOIN accounts a ON a.id = s.account_id
    WHERE s.ended_at IS NULL AND s.credential_version <> a.credential_version`,
  'I5: a credential change without its event, or an event without its change': `
    SELECT a.id FROM accounts a LEFT JOIN events e ON e.account_id = a.id AND e.outcome = 'success'
      AND e.type IN ('password.changed', 'password.reset', 'email_change.confirmed', 'email_change.reverted',
        'account.disabled')
    GROUP BY a.id HAVING a.credential_version - 1
      - count(e.id) FILTER (WHERE e.type <> 'password.reset')
      NOT BETWEEN count(e.id) FILTER (WHERE e.type = 'password.reset') - 1
              AND count(e.id) FILTER (WHERE e.type = 'password.reset')`,
  'I5: an event that other systems are not told of, or that they are told of and never was': `
    SELECT coalesce(e.id, s.id) AS id FROM events e FULL JOIN security_events s ON s.id = e.id
    WHERE e.id IS NULL OR s.id IS NULL AND e.account_id IS NOT NULL AND e.type IN ('password.changed',
      'password.reset', 'email_change.confirmed', 'email_change.reverted', 'account.disabled', 'account.enabled',
      'account.erased', 'session.refresh_token_reused')
      -- A completed erasure deletes what other systems were told of the account.
      AND NOT EXISTS (SELECT FROM events o WHERE o.account_id = e.account_id AND o.type = 'account.erased')`,
  'I5: an event without its mail, or a mail without its event': `
    SELECT coalesce(e.account_id, m.account_id) AS account_id, coalesce(e.request, m.request) AS request, e.n, m.n
    FROM (
      SELECT account_id, request, count(*) AS n FROM events
      JOIN (VALUES ('password.changed', 'password_changed'), ('password.reset', 'password_was_reset'),
        ('email_change.requested', 'confirm_email'), ('email_change.requested', 'email_change_requested'),
        ('email_change.confirmed', 'email_changed'), ('email_change.reverted', 'reset_after_revert')
      ) AS pair (type, request) USING (type)
      WHERE outcome = 'success' GROUP BY 1, 2
    ) e
    FULL JOIN (
      SELECT account_id, request, count(*) AS n FROM mails
      WHERE request IN ('password_changed', 'password_was_reset', 'confirm_email', 'email_change_requested',
        'email_changed', 'reset_after_revert')
      GROUP BY 1, 2
    ) m ON m.account_id = e.account_id AND m.request = e.request
    WHERE e.n IS DISTINCT FROM m.n`,
  'I5: registrations and the mails they asked for differ in number': `
    SELECT e.n, m.n FROM
      (SELECT count(*) AS n FROM events WHERE type = 'account.registration_requested') e,
      (SELECT count(*) AS n FROM mails WHERE request = 'registration') m
    WHERE e.n <> m.n AND NOT EXISTS (SELECT FROM events WHERE type = 'account.erased') -- which takes mails with it`,
  'I5: a mail that waits and that nobody will send': `
    SELECT m.id FROM mails m WHERE m.state IN ('queued', 'sending') AND NOT EXISTS (
      SELECT FROM graphile_worker._private_jobs j WHERE j.key = 'mail ' || m.id AND j.attempts < j.max_attempts)`,
}

/** The names of the violated invariants, with some of the rows. */
export async function findViolations(pool: Pick<Pool, 'query'>): Promise<string[]> {
  const violations: string[] = []
  for (const [name, query] of Object.entries(INVARIANTS)) {
    const { rows } = await pool.query(query)
    if (rows.length > 0) violations.push(`${name}: ${JSON.stringify(rows.slice(0, 5))}`)
  }
  return violations
}
