import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { SCOPES, type Scope } from '../../src/domain/scopes.ts'
import { mailSlots } from '../../src/worker/mail-lanes.ts'
import { startWorker } from '../../src/worker/run-worker.ts'
import type { Answer } from '../support/api.ts'
import { exampleRequests } from '../support/example-requests.ts'
import { findViolations } from '../support/invariants.ts'
import type { Person } from '../support/people.ts'
import { stoppablePostgres } from '../support/stoppable-postgres.ts'
import { startTestApp } from '../support/test-app.ts'
import { until } from '../support/until.ts'

const postgres = await stoppablePostgres()
afterAll(() => postgres.discard())
const { api, app, deps, logLines, people, mailbox, mailer, sendgrid, serviceToken } = await startTestApp({
  databaseUrl: postgres.url,
})

/** Routes that need no database. They must work during an outage. */
const INDEPENDENT = [
  'GET /health/live',
  'GET /metrics',
  'GET /v1/password/policy',
  'POST /v1/password/check',
  'GET /.well-known/jwks.json',
  'GET /.well-known/oauth-authorization-server',
]
const LONGEST_ANSWER_MS = 9_000
const deskToken = await serviceToken(...(Object.keys(SCOPES) as Scope[]))

let ada: Person
beforeEach(async () => {
  ada = await people.verified()
})
afterEach(async () => {
  await mailbox.drain()
  expect(await findViolations(deps.pool)).toEqual([])
})

interface Timed {
  readonly route: string
  readonly answer: Answer
  readonly ms: number
}

/** Sends the example request of every route. */
async function askEverything(): Promise<Timed[]> {
  const { refreshToken } = ada.tokens
  const requests = await exampleRequests(app)
  return Promise.all(
    requests.map(async ({ route, method, path, caller, body }) => {
      const began = performance.now()
      const sent = /refresh|logout/.test(path) ? { refreshToken } : body
      const token = { public: undefined, account: ada.token, service: deskToken }[caller]
      const answer = await api.call(method, path, sent, token === undefined ? {} : { token })
      return { route, answer, ms: performance.now() - began }
    }),
  )
}

/** It checks the signature of a request before anything is read or written. */
const REFUSED_BY_SIGNATURE = 'POST /v1/webhooks/sendgrid'

function expectBoundedOutage(answers: Timed[]): void {
  for (const { route, answer, ms } of answers) {
    if (route === REFUSED_BY_SIGNATURE) continue
    const expected = INDEPENDENT.includes(route) ? 200 : 503
    expect([route, answer.status, answer.text]).toEqual([route, expected, answer.text])
    expect([route, answer.headers['retry-after']]).toEqual([route, expected === 503 ? '5' : undefined])
    expect([route, ms < LONGEST_ANSWER_MS]).toEqual([route, true])
  }
}

test('M5: while PostgreSQL is stopped every route answers 503 and when to come back; then all is as before', async () => {
  await postgres.stop()

  const during = await askEverything()
  await postgres.start()

  expectBoundedOutage(during)
  expect(await api.get('/health/ready')).toHaveStatus(200)
  expect(await ada.get('/v1/me')).toHaveStatus(200)
  expect(await ada.refresh()).toHaveStatus(200)
  expect((await ada.logIn()).token).toBeTruthy()
})

test('M5: while PostgreSQL hangs every route answers 503 in bounded time; then all is as before', async () => {
  await Promise.all(Array.from({ length: 10 }, () => ada.get('/v1/me'))) // connections that will hang
  await postgres.freeze()

  const during = await askEverything()
  await postgres.thaw()

  expectBoundedOutage(during)
  // What had reached the server when it froze may be done after all: who got a 503 does not know, and asks again.
  const bob = await people.verified()
  expect(await bob.get('/v1/me')).toHaveStatus(200)
}, 60_000)

test('M5: stopped and started in mid-traffic, no change is left half done', async () => {
  const everybody: Person[] = []
  while (everybody.length < 8) everybody.push(await people.verified())
  const outcomes = new Set<number>()
  let isOver = false
  const traffic = everybody.map(async (person) => {
    for (let turn = 0; !isOver; turn += 1) {
      const newPassword = `Battery-Staple-${turn}`
      const answer = await person.post('/v1/password/change', { currentPassword: person.password, newPassword })
      outcomes.add(answer.status)
      if (answer.status === 200) Object.assign(person, { password: newPassword, tokens: answer.body })
      else return newPassword // in force or not: the answer was lost
    }
    return null
  })

  for (let round = 0; round < 3; round += 1) {
    await postgres.stop()
    await postgres.start()
  }
  isOver = true
  const uncertain = await Promise.all(traffic)

  expect([...outcomes].filter((status) => status !== 200 && status !== 503)).toEqual([])
  expect(outcomes).toContain(503)
  for (const [index, person] of everybody.entries()) {
    const candidates = [person.password, uncertain[index] ?? null].filter((password) => password !== null)
    const answers = []
    for (const password of candidates) answers.push(await api.post('/v1/login', { email: person.email, password }))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  }
})

test('M5: the worker comes back by itself, and sends what was asked for before and after', async () => {
  const worker = startWorker(deps, mailer)
  const received = (email: string) => sendgrid.mails.filter(({ to }) => to === email).length
  const [before, after] = [people.newEmail('before'), people.newEmail('after')]
  try {
    sendgrid.failWith({ status: 503 })
    await api.post('/v1/register', { email: before, password: 'Correct-Horse-7' })
    await postgres.stop()
    sendgrid.recover()
    await postgres.start()
    await api.post('/v1/register', { email: after, password: 'Correct-Horse-7' })

    await until(() => received(before) === 1 && received(after) === 1)
  } finally {
    await worker.stop()
  }
}, 60_000)

test('M5: a database that goes in the middle of many deliveries ends neither the process nor the mails', async () => {
  const emails = Array.from({ length: 20 }, () => people.newEmail('interrupted'))
  sendgrid.failWith('hang', mailSlots.send_registration_mail) // one for each slot, so that the other mails wait
  for (const email of emails) await api.post('/v1/register', { email, password: 'Correct-Horse-7' })
  const worker = startWorker(deps, mailer)
  try {
    await until(
      () => sendgrid.requests.filter(({ answered }) => answered === 'hung').length === mailSlots.send_registration_mail,
    )
    await postgres.stop()
    // Neither what came of the mail nor that its job failed can be written down. Jest fails on an unhandled rejection.
    await until(() => logLines.some((line) => line.includes('Failed task')))
    await sleep(500) // and the queue has tried
    await postgres.start()

    await until(() => emails.every((email) => sendgrid.mails.some(({ to }) => to === email)))
  } finally {
    await worker.stop()
  }
}, 60_000)
