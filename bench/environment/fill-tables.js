// Fills a migrated database with accounts, their sessions and their audit trail, in the shape that years of use leave:
// people who joined over two years, sessions of the last ninety days of which one in five is open, and events of the last
// thirteen months. The times lie in order, as they would be inserted, and belong to people in no order.
import pg from 'pg'

export const SESSIONS_PER_ACCOUNT = 5
export const EVENTS_PER_ACCOUNT = 20
const ROWS_PER_STATEMENT = 250_000

/** A UUIDv7 of a time, the same for the same number. */
const uuidv7 = (time, number, kind) =>
  `(lpad(to_hex((extract(epoch FROM ${time}) * 1000)::bigint), 12, '0') || '7' || substr(md5('${kind}' || ${number}), 1, 3)
    || '8' || substr(md5('${kind}' || ${number}), 4, 15))::uuid`

/** When row `n` of `rows` was made, if they were made evenly over the last `days`. */
const timeOf = (days, rows, n = 'n') =>
  `(date_trunc('second', now()) - interval '${days} days' * (1 - ${n}::float8 / ${rows}))`
const scattered = (accounts) => `((n * 7919) % ${accounts})`
const accountId = (accounts, number) => uuidv7(timeOf(730, accounts, number), number, 'account')
const ip = (number) => `'203.0.' || (${number} >> 8) % 256 || '.' || ${number} % 256`

/** Each table with its number of rows and, for row `n`, the value of each column. The others keep their defaults. */
const TABLES = [
  {
    name: 'accounts',
    rows: (accounts) => accounts,
    columns: (accounts) => ({
      id: accountId(accounts, 'n'),
      email: `'person.' || n || '@example.com'`,
      email_verified_at: timeOf(730, accounts),
      password_hash: '$1::text',
      password_changed_at: timeOf(730, accounts),
      created_at: timeOf(730, accounts),
    }),
  },
  {
    name: 'addresses',
    rows: (accounts) => accounts,
    columns: (accounts) => ({
      address: `'person.' || n || '@example.com'`,
      account_id: accountId(accounts, 'n'),
      claimed_at: timeOf(730, accounts),
    }),
  },
  {
    name: 'sessions',
    rows: (accounts) => accounts * SESSIONS_PER_ACCOUNT,
    columns: (accounts) => {
      const created = timeOf(90, accounts * SESSIONS_PER_ACCOUNT)
      return {
        id: uuidv7(created, 'n', 'session'),
        account_id: accountId(accounts, scattered(accounts)),
        credential_version: '1',
        refresh_counter: '1 + n % 40',
        rotated_at: created,
        created_at: created,
        authenticated_at: created,
        last_seen_at: created,
        expires_at: `${created} + interval '30 days'`,
        ended_at: `CASE WHEN n % 5 < 2 THEN ${created} + interval '2 days' END`,
        end_reason: `CASE WHEN n % 5 < 2 THEN 'logout' END`,
        ip: ip('n'),
        last_ip: ip('n'),
        user_agent: `'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'`,
      }
    },
  },
  {
    name: 'events',
    rows: (accounts) => accounts * EVENTS_PER_ACCOUNT,
    columns: (accounts) => {
      const at = timeOf(390, accounts * EVENTS_PER_ACCOUNT)
      return {
        id: uuidv7(at, 'n', 'event'),
        at,
        type: `(ARRAY['login', 'login', 'login', 'session.ended', 'password.reset_requested'])[1 + n % 5]`,
        outcome: `CASE WHEN n % 10 = 1 THEN 'failure' ELSE 'success' END`,
        account_id: accountId(accounts, scattered(accounts)),
        actor_type: `'account'`,
        ip: ip('n'),
        user_agent: `'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'`,
        request_id: uuidv7(at, 'n', 'request'),
      }
    },
  },
]

/**
 * @param {string} databaseUrl of a superuser, because the triggers of foreign keys are skipped
 * @param {{ accounts: number, passwordHash?: string | null, report?: (line: string) => void }} options the accounts are
 *   person.0@example.com, person.1@example.com, …, and have the same password
 */
export async function fillTables(databaseUrl, { accounts, passwordHash = null, report = () => undefined }) {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  await client.query(`SET session_replication_role = replica; SET synchronous_commit = off`)
  for (const { name, rows, columns } of TABLES) {
    const all = rows(accounts)
    const values = columns(accounts)
    const parameters = Object.values(values).some((value) => value.includes('$1')) ? [passwordHash] : []
    for (let from = 0; from < all; from += ROWS_PER_STATEMENT) {
      const to = Math.min(from + ROWS_PER_STATEMENT, all) - 1
      await client.query(
        `INSERT INTO ${name} (${Object.keys(values).join(', ')})
         SELECT ${Object.values(values).join(', ')} FROM generate_series(${from}::bigint, ${to}::bigint) n`,
        parameters,
      )
    }
    report(`  ${name}: ${all.toLocaleString('en-US')} rows`)
  }
  await client.query('VACUUM (ANALYZE)')
  await client.end()
}
