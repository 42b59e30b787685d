import { once } from 'node:events'
import { afterAll, expect, test } from '@jest/globals'
import pg from 'pg'
import { postmasterPid, temporaryDataDir } from '../support/embedded-server.ts'
import { startSendgridStandIn } from '../support/sendgrid-stand-in.ts'
import { serviceProcess } from '../support/service-process.ts'
import { serviceSettings } from '../support/service-settings.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { until } from '../support/until.ts'

const database = await createTestDatabase()
const sendgrid = await startSendgridStandIn()
const service = await serviceProcess(serviceSettings(database.url, sendgrid))
const pool = new pg.Pool({ connectionString: database.url })

afterAll(async () => {
  await service.kill()
  await pool.end()
  await sendgrid.close()
  await database.drop()
})

const post = (path: string, body: object) =>
  fetch(`${service.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

const register = (email: string) => post('/v1/register', { email, password: 'Correct-Horse-7' })
const received = (email: string) => sendgrid.mails.filter(({ to }) => to === email).length

test('M6: on SIGTERM readiness turns off first, all requests until then are answered, and the process ends under 10 s with exit code 0', async () => {
  await service.start()
  const inFlight = Array.from({ length: 12 }, (_, n) => register(`in.flight.${n}@example.com`))

  const ending = service.terminate()
  await until(async () => (await fetch(`${service.url}/health/ready`)).status === 503)
  const live = await fetch(`${service.url}/health/live`)
  const late = await register('late@example.com') // by a load balancer that has not looked yet
  const answers = await Promise.all(inFlight)
  const { code, ms } = await ending

  expect(live.status).toBe(200)
  expect(live.headers.get('connection')).toBe('close')
  for (const { status } of [late, ...answers]) expect(status).toBe(202)
  expect(code).toBe(0)
  expect(ms).toBeLessThan(9_500)
  expect(service.log.join('')).not.toContain('unfinished')
}, 60_000)

test('M6: SIGTERM while the mail provider hangs ends the process under 10 s, and the next process sends the mail', async () => {
  await service.start()
  await until(() => received('late@example.com') === 1)
  sendgrid.failWith('hang')
  await register('waiting@example.com')
  await until(() => sendgrid.requests.at(-1)?.answered === 'hung')

  const { code, ms } = await service.terminate()
  sendgrid.recover()
  await service.start()
  await until(() => received('waiting@example.com') === 1)
  await service.terminate()

  expect(code).toBe(0)
  expect(ms).toBeLessThan(9_900)
}, 90_000)

test('M6: the jobs of a worker that was killed are handed out again within half a minute, not after four hours', async () => {
  await service.start()
  sendgrid.failWith('hang')
  await register('orphan@example.com')
  await until(() => sendgrid.requests.at(-1)?.answered === 'hung')
  await service.kill()
  const held = await pool.query('SELECT locked_by FROM graphile_worker._private_jobs WHERE locked_by IS NOT NULL')
  sendgrid.recover()

  await service.start()
  await until(() => received('orphan@example.com') === 1)

  expect(held.rows).toHaveLength(1)
  expect(service.log.join('')).toContain('released the jobs of a worker that crashed')
}, 60_000)

test('M6: SIGTERM while the start still waits for the database ends the process with exit code 0', async () => {
  const waiting = await serviceProcess(serviceSettings('postgresql://127.0.0.1:1/nowhere', sendgrid))
  waiting.launch()
  await until(() => waiting.log.join('').includes('The database cannot be reached'))

  const { code, ms } = await waiting.terminate()

  expect(code).toBe(0)
  expect(ms).toBeLessThan(9_500)
}, 60_000)

test('a start that is refused leaves no embedded database behind', async () => {
  const { dataDir, discard } = await temporaryDataDir()
  const { DATABASE_URL: _, ...settings } = serviceSettings('', sendgrid)
  const refused = await serviceProcess({ ...settings, DATA_DIR: dataDir, BREACH_LIST: '/no/such/list' })

  const child = refused.launch()
  await once(child, 'exit')

  expect(child.exitCode).toBe(1)
  expect(refused.log.join('')).toMatch(/^[^\n]*BREACH_LIST[^\n]*\n$/)
  expect(await postmasterPid(dataDir)).toBeUndefined()
  await discard()
}, 60_000)
