import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, expect, test } from '@jest/globals'
import { startWorker, type Worker } from '../../src/worker/run-worker.ts'
import { startSilentProxy } from '../support/silent-proxy.ts'
import { startTestApp } from '../support/test-app.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { until } from '../support/until.ts'

const database = await createTestDatabase()
afterAll(() => database.drop())
const proxy = await startSilentProxy(database.url)
afterAll(() => proxy.close())
const { api, deps, logLines, mailer, people, sendgrid } = await startTestApp({ databaseUrl: proxy.url })

const received = (email: string) => sendgrid.mails.some(({ to }) => to === email)
let worker: Worker
afterEach(() => worker.stop())

test.each([0, 1, 5, 20, 50, 100])('M6: a worker told to stop %d ms after its start takes no more jobs', async (ms) => {
  worker = startWorker(deps, mailer)
  await sleep(ms)

  await worker.stop() // or not at all: it had listened too late

  const email = people.newEmail()
  await api.post('/v1/register', { email, password: 'Correct-Horse-7' })
  const { rows } = await deps.pool.query('SELECT FROM graphile_worker._private_jobs WHERE locked_by IS NOT NULL')
  expect(rows).toEqual([])
})

const requestsFor = (email: string) => sendgrid.requests.filter(({ body }) => JSON.stringify(body).includes(email))

/** A worker that is sending one mail. The provider accepts the connection and never answers. */
async function startHanging(): Promise<string> {
  worker = startWorker(deps, mailer)
  await until(async () => (await deps.pool.query('SELECT FROM graphile_worker._private_jobs')).rowCount === 0)
  const email = people.newEmail('slow')
  sendgrid.failWith('hang', 1)
  await api.post('/v1/register', { email, password: 'Correct-Horse-7' })
  await until(() => requestsFor(email).at(-1)?.answered === 'hung')
  return email
}

test('M6: a worker whose mail takes long is not taken for dead by itself or by another worker', async () => {
  const email = await startHanging()
  const another = startWorker(deps, mailer)

  await until(() => logLines.some((line) => line.includes('mail postponed')))
  await another.stop()
  await until(() => received(email))

  expect(logLines.join('')).not.toContain('released the jobs')
  expect(requestsFor(email)).toHaveLength(2) // the one that hung, and one more
}, 60_000)

test('M6: a worker whose proof connection is cut silently does not take itself for dead', async () => {
  const email = await startHanging()

  proxy.silence('pg_advisory_lock(hashtextextended')
  await until(() => logLines.some((line) => line.includes('the worker lost the connection that holds its locks')))
  await until(() => received(email))

  expect(logLines.join('')).not.toContain('released the jobs')
  expect(requestsFor(email)).toHaveLength(2) // the one that hung, and one more
}, 60_000)
