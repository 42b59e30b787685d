import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { grantRights } from '../../src/database/migrate.ts'
import { query } from '../support/embedded-server.ts'
import type { Person } from '../support/people.ts'
import { startTestApp } from '../support/test-app.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { until } from '../support/until.ts'

const ROLE = `half_granted_${process.pid}`

let database: TestDatabase
let maintenanceUrl: string
let name: string

beforeAll(async () => {
  database = await createTestDatabase()
  const url = new URL(database.url)
  name = url.pathname.slice(1)
  url.pathname = 'postgres'
  maintenanceUrl = url.href
  await query(maintenanceUrl, `CREATE ROLE ${ROLE} LOGIN`)
})

afterAll(async () => {
  await database.drop()
  await query(maintenanceUrl, `DROP ROLE ${ROLE}`)
})

async function endConnections(): Promise<void> {
  await query(maintenanceUrl, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`)
}

test('a service on a read-only database is not ready, and recovers once its database accepts writes again', async () => {
  const { api, people } = await startTestApp({ databaseUrl: database.url })
  const ada = await people.verified()
  const readiness = async () => (await api.get('/health/ready')).status
  expect(await readiness()).toBe(200)

  await query(maintenanceUrl, `ALTER DATABASE ${name} SET default_transaction_read_only = on`)
  await endConnections() // a demoted primary ends its connections as well
  await until(async () => (await readiness()) === 503)
  const refused = await logIn(ada)
  await query(maintenanceUrl, `ALTER DATABASE ${name} RESET default_transaction_read_only`)

  expect(refused.status).toBe(503)
  expect(refused.headers['retry-after']).toMatch(/^\d+$/)
  // The connections that are open stay read-only for as long as they live, so the service has to let go of them.
  await until(async () => (await readiness()) === 200)
  expect((await logIn(ada)).status).toBe(200)
})

function logIn(person: Person) {
  return person.api.post('/v1/login', { email: person.email, password: person.password })
}

test('a service whose role lacks half of its rights is not ready until they are granted', async () => {
  const url = new URL(database.url)
  url.username = ROLE
  await grantRights(database.url, ROLE)
  await query(database.url, `REVOKE INSERT, UPDATE ON sessions FROM ${ROLE}`)
  const lacking = await startTestApp({ databaseUrl: url.href })

  const before = await lacking.api.get('/health/ready')
  await grantRights(database.url, ROLE)
  const after = await lacking.api.get('/health/ready')

  expect([before.status, after.status]).toEqual([503, 200])
})
