// Fills a migrated database with accounts, their sessions and their audit trail, in the shape that years of use leave:
// people who joined over two years, sessions of the last ninety days of which one in five is open, and events of the last
// thirteen months. The times lie in order, as they would be inserted, and belong to people in no order.
import pg from 'pg'

export const SESSIONS_PER_ACCOUNT = 5
export const EVENTS_PER_ACCOUNT = 20
const ROWS_PER_STATEMENT = 100_000
/** One for each core that most machines have at least. */
const CONNECTIONS = 2

const DAY_MS = 86_400_000
const NOW_MS = Date.now()

/** Row `n` of `rows` was made at this time, in milliseconds, if they were made evenly over the last `days`. */
const msOf = (days, rows, n = 'n') => `(${NOW_MS - days * DAY_MS} + ${n} * ${(days * DAY_MS) / rows}::float8)::bigint`
const timeOf = (days, rows) => `to_timestamp(${msOf(days, rows)} / 1000.0::float8)`
/** A UUIDv7 of a time, the same for the same number. */
const uuidv7 = (ms, number, kind) => {
  const random = `overlay(overlay(md5('${kind}' || ${number}) PLACING '7' FROM 13) PLACING '8' FROM 17)`
  return `overlay(${random} PLACING lpad(to_hex(${ms}), 12, '0') FROM 1)::uuid`
}
const scattered = (accounts) => `((n * 7919) % ${accounts})`
const accountId = (accounts, number) => uuidv7(msOf(730, accounts, number), number, 'account')
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
        id: uuidv7(msOf(90, accounts * SESSIONS_PER_ACCOUNT), 'n', 'session'),
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
      const rows = accounts * EVENTS_PER_ACCOUNT
      const ms = msOf(390, rows)
      return {
        id: uuidv7(ms, 'n', 'event'),
        at: timeOf(390, rows),
        type: `(ARRAY['login', 'login', 'login', 'session.ended', 'password.reset_requested'])[1 + n % 5]`,
        outcome: `CASE WHEN n % 10 = 1 THEN 'failure' ELSE 'success' END`,
        account_id: accountId(accounts, scattered(accounts)),
        actor_type: `'account'`,
        ip: ip('n'),
        user_agent: `'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'`,
        request_id: uuidv7(ms, 'n', 'request'),
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
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => connect(databaseUrl)))
  for (const { name, rows, columns } of TABLES) {
    const all = rows(accounts)
    const values = columns(accounts)
    const parameters = Object.values(values).some((value) => value.includes('$1')) ? [passwordHash] : []
    const indexes = await dropIndexes(clients[0], name)
    let next = 0
    const insert = async (client) => {
      while (next < all) {
        const from = next
        next += ROWS_PER_STATEMENT
        const to = Math.min(next, all) - 1
        await client.query(
          `INSERT INTO ${name} (${Object.keys(values).join(', ')})
           SELECT ${Object.values(values).join(', ')} FROM generate_series(${from}::bigint, ${to}::bigint) n`,
          parameters,
        )
      }
    }
    await Promise.all(clients.map(insert))
    for (const definition of indexes) await clients[0].query(definition)
    report(`  ${name}: ${all.toLocaleString('en-US')} rows`)
  }
  await clients[0].query('VACUUM (ANALYZE)')
  await Promise.all(clients.map((client) => client.end()))
}

/** An index is built faster than it is extended row by row. @returns the statements that create the indexes again */
async function dropIndexes(client, table) {
  const { rows } = await client.query(
    `SELECT indexrelid::regclass AS name, pg_get_indexdef(indexrelid) AS definition
     FROM pg_index WHERE indrelid = $1::regclass AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)`,
    [table],
  )
  for (const { name } of rows) await client.query(`DROP INDEX ${name}`)
  return rows.map(({ definition }) => definition.replace(' ON ONLY ', ' ON ')) // with the indexes of all partitions
}

/** Without the checks of foreign keys, and without waiting for the disk. */
async function connect(databaseUrl) {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  const settings = ['session_replication_role = replica', 'synchronous_commit = off', "maintenance_work_mem = '512MB'"]
  for (const setting of settings) await client.query(`SET ${setting}`)
  return client
}
