import { expect, test } from '@jest/globals'
import pg from 'pg'
import '../../support/matchers.ts'
import { openSupportDesk } from '../../support/support-desk.ts'
import { startTestApp } from '../../support/test-app.ts'

/** The lists of Support must stay quick with a million accounts: no statement may count all sessions. */
const testApp = await startTestApp()
const { databaseUrl, deps } = testApp
const desk = await openSupportDesk(testApp)
const ACCOUNTS = 3_000

await deps.pool.query(
  `INSERT INTO accounts (id, email, created_at, credential_version)
   SELECT gen_random_uuid(), 'many.' || n || '@example.com', now(), 1 FROM generate_series(1, ${ACCOUNTS}) AS n`,
)
await deps.pool.query(
  `INSERT INTO addresses (address, account_id, claimed_at) SELECT email, id, now() FROM accounts WHERE email LIKE 'many.%'`,
)
await deps.pool.query(
  `INSERT INTO addresses (address, account_id, claimed_at, locked_at, lock_reason)
   SELECT 'past.' || email, id, now(), now(), 'email_changed' FROM accounts WHERE email LIKE 'many.%'`,
)
await desk.post('/users', { email: 'past.the.locked@example.com' })
await deps.pool.query(
  `INSERT INTO sessions (id, account_id, credential_version, rotated_at, created_at, authenticated_at, last_seen_at, expires_at)
   SELECT gen_random_uuid(), id, 1, now(), now(), now(), now(), now() + interval '1 day' FROM accounts, generate_series(1, 3)`,
)
await deps.pool.query('ANALYZE')

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly PlanNode[]
}

/** How many rows of tables and indexes a plan has read. */
function rowsRead(node: PlanNode): number {
  const read = node['Node Type'].includes('Scan') ? node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) : 0
  const below = (node.Plans ?? []).reduce((sum, plan) => sum + rowsRead(plan), 0)
  return read * node['Actual Loops'] + below
}

/** Runs a request, and then each of its SELECT statements once more, to see how many rows it reads. */
async function mostRowsRead(work: () => Promise<unknown>): Promise<number> {
  const statements: Array<{ text: string; values: unknown[] }> = []
  const original = pg.Client.prototype.query
  pg.Client.prototype.query = function query(this: pg.Client, ...args: unknown[]) {
    const [first, second] = args as [{ text?: string; values?: unknown[] } | string, unknown]
    const text = typeof first === 'string' ? first : (first?.text ?? '')
    const values = typeof first === 'string' ? (Array.isArray(second) ? second : []) : (first?.values ?? second ?? [])
    if (/^\s*SELECT/i.test(text)) statements.push({ text, values: values as unknown[] })
    return Reflect.apply(original, this, args)
  } as typeof original
  try {
    await work()
  } finally {
    pg.Client.prototype.query = original
  }
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query('SET enable_seqscan = off') // on so few rows, a scan is cheaper than an index
  const counts: number[] = []
  for (const { text, values } of statements) {
    const { rows } = await client.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values)
    counts.push(rowsRead(rows[0]['QUERY PLAN'][0].Plan))
  }
  await client.end()
  expect(counts.length).toBeGreaterThan(2)
  return Math.max(...counts)
}

test.each([
  '/users',
  '/users?emailPrefix=many.',
  '/users?emailPrefix=past.', // almost only locked addresses, which the list leaves out
  '/users?email=many.7@example.com',
  '/users?everHeld=many.7@example.com',
])('GET /v1/admin%s reads rows for one page, not for every account', async (path) => {
  const most = await mostRowsRead(async () => {
    const { body } = await desk.get(path)
    expect(body.users.length).toBeGreaterThan(0)
  })

  expect(most).toBeLessThan(500)
})
