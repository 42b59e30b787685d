import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import pg from 'pg'
import { latchkey, latchkeyProcess } from '../support/command-line.ts'
import { query } from '../support/embedded-server.ts'
import { startTestApp } from '../support/test-app.ts'
import { createTestDatabase, EMPTY, type TestDatabase } from '../support/test-database.ts'

let database: TestDatabase
const ROLE = `service_${process.pid}`

beforeAll(async () => {
  database = await createTestDatabase(EMPTY)
  await query(database.url, `CREATE ROLE ${ROLE} LOGIN`)
})
afterAll(async () => {
  await query(database.url, `DROP OWNED BY ${ROLE}; DROP ROLE ${ROLE}`)
  await database.drop()
})

test('migrate needs the URL of the database and no other setting, in production too', async () => {
  const answer = await latchkey(['migrate', '--json'], { NODE_ENV: 'production', DATABASE_URL: database.url })

  expect(answer).toMatchObject({ exitCode: 0, stderr: '' })
  expect(JSON.parse(answer.stdout).applied).toContain('20261123000000_init')
})

test('migrate uses DATABASE_URL_DIRECT where it is set', async () => {
  const answer = await latchkey(['migrate'], {
    DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing',
    DATABASE_URL_DIRECT: database.url,
  })

  expect(answer).toMatchObject({ exitCode: 0, stdout: 'The database is up to date.\n' })
})

test('a role that owns no table can run the whole service once migrate has granted it the rights', async () => {
  const granted = await latchkey(['migrate', '--grant', ROLE], { DATABASE_URL: database.url })
  const url = new URL(database.url)
  url.username = ROLE
  const { people, api, mailbox } = await startTestApp({ databaseUrl: url.href })

  const ada = await people.verified()
  const changed = await ada.changeEmail(people.newEmail('new'))
  await api.post('/v1/password/forgot', { email: ada.email })
  await mailbox.drain()

  expect(granted).toMatchObject({ exitCode: 0, stderr: '' })
  expect(changed.status).toBe(202)
  expect((await ada.refresh()).status).toBe(200)
  const asService = new pg.Client({ connectionString: url.href })
  await asService.connect()
  await expect(asService.query('DROP TABLE events')).rejects.toThrow('must be owner')
  await expect(asService.query('DELETE FROM _prisma_migrations')).rejects.toThrow('permission denied')
  await asService.end()
})

test('granting twice changes nothing and succeeds', async () => {
  const again = await latchkey(['migrate', '--grant', ROLE], { DATABASE_URL: database.url })

  expect(again).toMatchObject({ exitCode: 0, stderr: '' })
})

test('granting to a role that does not exist is refused in one line', async () => {
  const answer = await latchkey(['migrate', '--grant', 'nobody at all'], { DATABASE_URL: database.url })

  expect(answer).toMatchObject({ exitCode: 1, stderr: 'The role "nobody at all" does not exist. Create it first.\n' })
})

test('migrate does not wait for ever for a server that accepts connections and says nothing', async () => {
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as { port: number }

  const answer = await latchkeyProcess(['migrate'], { DATABASE_URL: `postgresql://a:b@127.0.0.1:${port}/x` })

  silent.close()
  expect(answer.exitCode).toBe(1)
  expect(answer.stderr).toMatch(/^The database cannot be reached[^\n]*\n$/)
}, 60_000)
