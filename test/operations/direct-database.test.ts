import { afterAll, expect, test } from '@jest/globals'
import { readConfig } from '../../src/config/config.ts'
import { type Role, serve } from '../../src/serve.ts'
import { query } from '../support/embedded-server.ts'
import { freePort } from '../support/free-port.ts'
import { startSendgridStandIn } from '../support/sendgrid-stand-in.ts'
import { serviceSettings } from '../support/service-settings.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { until } from '../support/until.ts'

const database = await createTestDatabase()
const sendgrid = await startSendgridStandIn()
afterAll(async () => {
  await sendgrid.close()
  await database.drop()
})

/** The names of the sessions that listen for jobs, and of all sessions, while a process of this role runs. */
async function sessionsOf(role: Role, directUrl: string): Promise<{ listening: string[]; all: string[] }> {
  const config = readConfig({
    ...serviceSettings(`${database.url}&application_name=pooled`, sendgrid),
    DATABASE_URL_DIRECT: directUrl,
    PORT: String(await freePort()),
    LOG_LEVEL: 'silent',
  })
  const service = await serve(config, role, new AbortController().signal)
  const names = async (condition: string) => {
    const rows = await query(
      database.url,
      `SELECT DISTINCT application_name AS name FROM pg_stat_activity
       WHERE datname = current_database() AND application_name IN ('pooled', 'direct') AND ${condition} ORDER BY name`,
    )
    return rows.map(({ name }) => String(name))
  }
  const listening = () => names(`query LIKE 'LISTEN%'`)
  if (role !== 'api') await until(async () => (await listening()).length > 0)
  const sessions = { listening: await listening(), all: await names('true') }
  await service.stop(0)
  return sessions
}

const direct = `${database.url}&application_name=direct`

test('the worker of a process that does everything uses DATABASE_URL_DIRECT, and the requests use DATABASE_URL', async () => {
  expect(await sessionsOf('all', direct)).toEqual({ listening: ['direct'], all: ['direct', 'pooled'] })
})

test('a process that is only a worker uses nothing but DATABASE_URL_DIRECT', async () => {
  expect(await sessionsOf('worker', direct)).toEqual({ listening: ['direct'], all: ['direct'] })
})

test('a process that only answers requests does not use DATABASE_URL_DIRECT', async () => {
  const { all } = await sessionsOf('api', 'postgresql://nobody@127.0.0.1:1/nothing')

  expect(all).toEqual(['pooled'])
})
