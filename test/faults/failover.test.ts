import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from '@jest/globals'
import { startWorker } from '../../src/worker/run-worker.ts'
import type { Answer } from '../support/api.ts'
import { latchkey } from '../support/command-line.ts'
import { findViolations } from '../support/invariants.ts'
import type { Person } from '../support/people.ts'
import { replicatedPostgres } from '../support/replicated-postgres.ts'
import { startTestApp } from '../support/test-app.ts'
import { until } from '../support/until.ts'

const postgres = await replicatedPostgres()
afterAll(() => postgres.discard())
const { api, deps, people, mailer, sendgrid } = await startTestApp({ databaseUrl: postgres.url })

test('the password in DATABASE_URL is the one that the server is asked to accept', async () => {
  const wrong = postgres.url.replace(/:[^:@]*@/, ':another-password@')

  const refused = await latchkey(['migrate', 'status'], { DATABASE_URL: wrong })
  const accepted = await latchkey(['migrate', 'status'], { DATABASE_URL: postgres.url })

  expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('password authentication failed') })
  expect(accepted).toMatchObject({ exitCode: 0, stderr: '' })
})

test('when the primary stops and the standby is promoted, the service goes on with it without a restart', async () => {
  const [ada, bob] = [await people.verified(), await people.verified()]
  const worker = startWorker(deps, mailer)
  const answers: Answer[] = []
  let isOver = false
  const traffic = [ada, bob].map(async (person) => {
    while (!isOver) {
      answers.push(await logIn(person), await person.refresh())
      await sleep(20)
    }
  })
  await until(() => answers.length >= 8)

  await postgres.stopPrimary()
  await until(async () => (await readiness()) === 503)
  const duringOutage = answers.length
  await until(() => answers.length >= duringOutage + 8)
  await postgres.promoteStandby()
  await until(async () => (await logIn(ada)).status === 200)
  await until(async () => (await readiness()) === 200)
  const mailsBefore = sendgrid.mails.length
  const accepted = await api.post('/v1/password/forgot', { email: bob.email })
  await until(() => sendgrid.mails.length > mailsBefore)
  isOver = true
  await Promise.all(traffic)
  await worker.stop()

  expect(accepted.status).toBe(202)
  expect(new Set(answers.map(outcomeOf))).toEqual(new Set(['200', '503 with Retry-After']))
  expect(answers.slice(-2).map(outcomeOf)).toEqual(['200', '200'])
  expect(await findViolations(deps.pool)).toEqual([])
}, 60_000)

/** The session of the sign-in replaces the one before, because an account has a limited number of sessions. */
async function logIn(person: Person): Promise<Answer> {
  const answer = await api.post('/v1/login', { email: person.email, password: person.password })
  if (answer.status === 200) person.tokens = answer.body
  return answer
}

async function readiness(): Promise<number> {
  return (await api.get('/health/ready')).status
}

function outcomeOf({ status, headers }: Answer): string {
  return headers['retry-after'] === undefined ? String(status) : `${status} with Retry-After`
}
