import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from '@jest/globals'
import { connect } from '../../src/database/client.ts'
import { DatabaseRefused, isDatabaseUnavailable } from '../../src/database/connection/connection-errors.ts'
import { query } from '../support/embedded-server.ts'
import { startSendgridStandIn } from '../support/sendgrid-stand-in.ts'
import { buildService, type ServiceProcess, serviceProcess } from '../support/service-process.ts'
import { serviceSettings } from '../support/service-settings.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { until } from '../support/until.ts'

await buildService()
const sendgrid = await startSendgridStandIn()
const database = await createTestDatabase()
const silent = createServer().listen(0, '127.0.0.1')
await once(silent, 'listening')
const silentPort = (silent.address() as { port: number }).port
let service: ServiceProcess | undefined

afterAll(async () => {
  await service?.kill()
  silent.close()
  await sendgrid.close()
  await database.drop()
})

const UNREACHABLE = [
  ['a name that does not resolve', 'postgresql://a:b@nosuch.invalid/x'],
  ['a port that is closed', 'postgresql://a:b@127.0.0.1:1/x'],
  ['a host that nothing leads to', 'postgresql://a:b@[100::1]/x'],
  ['a server that accepts and says nothing', `postgresql://a:b@127.0.0.1:${silentPort}/x`],
  ['a socket that is not there', 'postgresql://a:b@localhost/x?host=/nowhere'],
]

test.each(UNREACHABLE)('%s is an outage for each way of using the database', async (_, url) => {
  const { db, pool } = connect(url, { poolSize: 5, onIdleError: () => undefined })
  const ways = [
    pool.query('SELECT 1'),
    db.account.findFirst(),
    db.$transaction(async (tx) => tx.account.findFirst()),
    db.$queryRaw`SELECT 1`,
  ]

  const outcomes = await Promise.allSettled(ways)

  const verdicts = outcomes.map((outcome) => outcome.status === 'rejected' && isDatabaseUnavailable(outcome.reason))
  expect(verdicts).toEqual([true, true, true, true])
  await db.$disconnect()
  await pool.end()
})

test('a connection that breaks in the middle of a query is an outage, and the next query works', async () => {
  const { db, pool } = connect(database.url, { poolSize: 2, onIdleError: () => undefined })
  const broken = [
    pool.query("SELECT pg_sleep(20), 'victim'").catch((error: Error) => error),
    db.$queryRaw`SELECT pg_sleep(20)::text, 'victim'`.catch((error: Error) => error),
  ]
  await until(async () => {
    const rows = await query(
      database.url,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE strpos(query, 'victim') > 0 AND pid <> pg_backend_pid()",
    )
    await sleep(20)
    return rows.length === 0
  })

  for (const error of await Promise.all(broken)) expect(isDatabaseUnavailable(error)).toBe(true)
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  await db.$disconnect()
  await pool.end()
})

test('a connection that is cut in the middle of a query of the pool is an outage', async () => {
  const { db, pool } = connect(database.url, { poolSize: 2, onIdleError: () => undefined })
  await pool.query('SELECT 1')
  pool.once('acquire', (client) => {
    // node-postgres has no type for the socket below its connection.
    const { stream } = (client as unknown as { connection: { stream: Socket } }).connection
    setImmediate(() => stream.destroy())
  })

  const error = await pool.query('SELECT pg_sleep(2)').catch((reason: Error) => reason)

  expect(isDatabaseUnavailable(error)).toBe(true)
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  await db.$disconnect()
  await pool.end()
})

test('an error of a statement is not an outage', async () => {
  const { db, pool } = connect(database.url, { poolSize: 2, onIdleError: () => undefined })

  for (const failing of [pool.query('SELECT nonsense'), db.$queryRawUnsafe('SELECT nonsense')]) {
    const error = await failing.then(
      () => null,
      (reason: Error) => reason,
    )
    expect(isDatabaseUnavailable(error)).toBe(false)
  }
  await db.$disconnect()
  await pool.end()
})

test('a database that does not exist is a refusal', async () => {
  const { db, pool } = connect(database.url.replace(/latchkey_test_\w+/, 'no_such_database'), {
    poolSize: 2,
    onIdleError: () => undefined,
  })

  await expect(pool.query('SELECT 1')).rejects.toThrow(DatabaseRefused)
  await db.$disconnect()
  await pool.end()
})

test.each(UNREACHABLE.filter((_, index) => [0, 3].includes(index)))(
  'at start, %s is waited for with the reason in the log, and SIGTERM is heard',
  async (_, url) => {
    service = await serviceProcess(serviceSettings(url, sendgrid))
    service.launch()
    await until(() => service?.log.join('').includes('The database cannot be reached; trying again') === true)

    const { code } = await service.terminate()

    expect(code).toBe(0)
    expect(service.log.join('')).toMatch(/"reason":"[^"]+"/)
  },
)

test('at start, a database that does not exist ends the process with one line', async () => {
  const url = database.url.replace(/latchkey_test_\w+/, 'no_such_database')
  service = await serviceProcess(serviceSettings(url, sendgrid))
  const child = service.launch()

  await once(child, 'exit')

  expect(child.exitCode).toBe(1)
  const lines = service.log
    .join('')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('{'))
  expect(lines).toEqual([
    'The database refused the connection: database "no_such_database" does not exist (SQLSTATE 3D000)',
  ])
})
