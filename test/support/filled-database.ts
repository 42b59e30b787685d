import { query } from './embedded-server.ts'

/** Large enough that PostgreSQL reads no table from end to end for a few of its rows. */
const ROWS = 5_000

const PAST = `now() - i * interval '10 minutes'`

/** A UUID of version 7 from the time `PAST`: the same in every table, because all rows are inserted in one transaction. */
function idOf(what: string): string {
  const digits = `md5('${what} ' || i)`
  const milliseconds = `lpad(to_hex((extract(epoch FROM ${PAST}) * 1000)::bigint), 12, '0')`
  return `(${milliseconds} || '7' || left(${digits}, 3) || '8' || right(${digits}, 15))::uuid`
}

const ID = idOf('account')
const FUTURE = `now() + i * interval '2 minutes'`

/** The tables that grow with people and time, each with the values of one row. */
const GROWING: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  accounts: { id: ID, email: `'filler.' || i || '@filler.example'`, created_at: PAST },
  addresses: { address: `'filler.' || i || '@filler.example'`, account_id: ID, claimed_at: PAST },
  registrations: {
    id: idOf('registration'),
    address: `'new.' || i || '@filler.example'`,
    email: `'new.' || i || '@filler.example'`,
    password_hash: `'$2b$12$' || repeat('a', 53)`,
    created_at: PAST,
    expires_at: FUTURE,
  },
  sessions: {
    id: idOf('session'),
    account_id: ID,
    credential_version: '1',
    rotated_at: PAST,
    created_at: PAST,
    authenticated_at: PAST,
    last_seen_at: PAST,
    expires_at: FUTURE,
  },
  reauthentications: {
    token_hash: `md5('reauthentication ' || i)`,
    session_id: idOf('session'),
    account_id: ID,
    credential_version: '1',
    created_at: PAST,
    expires_at: FUTURE,
  },
  email_changes: {
    id: idOf('change'),
    account_id: ID,
    session_id: idOf('session'),
    from_email: `'was.' || i || '@filler.example'`,
    from_address: `'was.' || i || '@filler.example'`,
    to_email: `'filler.' || i || '@filler.example'`,
    to_address: `'filler.' || i || '@filler.example'`,
    requested_at: PAST,
    expires_at: FUTURE,
    confirmed_at: `CASE WHEN i % 3 > 0 THEN ${PAST} END`,
    ended_at: `CASE WHEN i % 3 = 0 AND i % 20 > 0 THEN ${PAST} END`,
  },
  mails: {
    id: idOf('mail'),
    request: `'password_reset'`,
    email: `'filler.' || i || '@filler.example'`,
    address: `'filler.' || i || '@filler.example'`,
    account_id: `CASE WHEN i % 10 > 0 THEN ${ID} END`,
    context: `'{}'`,
    network: `md5('network ' || i)`,
    mailbox: `md5('mailbox ' || i)`,
    state: `CASE WHEN i % 50 > 0 THEN 'delivered' ELSE 'queued' END`,
    queued_at: PAST,
    state_at: PAST,
  },
  mailed_tokens: {
    token_hash: `md5('token ' || i)`,
    purpose: `'reset_password'`,
    mail_id: idOf('mail'),
    account_id: ID,
    email_change_id: idOf('change'),
    address: `'filler.' || i || '@filler.example'`,
    created_at: PAST,
    expires_at: FUTURE,
  },
  mail_events: {
    id: `'event ' || i`,
    mail_id: idOf('mail'),
    type: `'delivered'`,
    at: PAST,
    received_at: PAST,
  },
  suppressed_addresses: { address: `'filler.' || i || '@filler.example'`, reason: `'bounced'`, since: FUTURE },
  events: {
    id: idOf('event'),
    at: PAST,
    type: `(ARRAY['session.created', 'session.login_failed'])[1 + i % 2]`,
    outcome: `'success'`,
    account_id: ID,
    session_id: idOf('session'),
    actor_type: `'account'`,
    details: `CASE WHEN i % 5 > 0 THEN '{}' ELSE
      jsonb_build_object((ARRAY['to', 'from', 'address', 'addressHash'])[1 + i / 5 % 4], 'was.' || i || '@filler.example') END`,
  },
  security_events: {
    id: idOf('security event'),
    type: `'password.changed'`,
    at: FUTURE,
    account_id: ID,
    actor_type: `'account'`,
    addressed_at: FUTURE,
  },
  security_event_deliveries: {
    event_id: idOf('security event'),
    url: `'https://siem.example/events'`,
    state: `CASE WHEN i % 100 > 0 THEN 'delivered' ELSE 'failed' END`,
    queued_at: PAST,
  },
  throttles: { key: `md5('throttle ' || i)`, address_hash: `md5('address ' || i)`, failures: '1', updated_at: FUTURE },
  use_counters: { key: `md5('use ' || i)`, uses: '1', window_ends_at: FUTURE },
  revoked_tokens: { token_id: `gen_random_uuid()`, expires_at: FUTURE },
}

/** The tables that grow with people and time. */
export const growingTables = Object.keys(GROWING)

/** Fills every table that grows, without the triggers and foreign keys that would make this slow, and gathers the statistics. */
export async function fillDatabase(databaseUrl: string): Promise<void> {
  const inserts = Object.entries(GROWING).map(
    ([table, row]) =>
      `INSERT INTO ${table} (${Object.keys(row).join(', ')})
       SELECT ${Object.values(row).join(', ')} FROM generate_series(1, ${ROWS}) AS i;`,
  )
  await query(databaseUrl, `SET session_replication_role = replica; ${inserts.join('\n')} ANALYZE;`)
}
