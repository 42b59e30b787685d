import { expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { createMailSender } from '../../src/worker/mail-lanes.ts'
import { statementsOf } from '../support/counted-statements.ts'
import { startTestApp } from '../support/test-app.ts'

/**
 * How many statements the worker may send for a mail, BEGIN and COMMIT included. The queue adds two for each batch of
 * jobs: it takes the jobs, and marks them as done.
 */
const { api, deps, mailbox, mailer, people, sendgrid } = await startTestApp()
const send = createMailSender(deps, mailer)
const ada = await people.verified()
const bob = await people.verified()
await mailbox.drain()

const forgot = (email: string) => api.post('/v1/password/forgot', { email })
const register = (email: string) => api.post('/v1/register', { email, password: 'Correct-Horse-7' })
const changePassword = () =>
  bob.post('/v1/password/change', { currentPassword: bob.password, newPassword: 'Battery-Staple-8' })

async function newestMail(): Promise<string> {
  const { id } = await deps.db.mail.findFirstOrThrow({ orderBy: { id: 'desc' }, select: { id: true } })
  return id
}

const mails: Array<[what: string, state: string, most: number, request: () => Promise<unknown>]> = [
  ['the reset instructions of an account', 'sent', 7, () => forgot(ada.email)],
  ['reset instructions for an unknown address', 'no_account', 6, () => forgot(people.newEmail('unknown'))],
  ['the verification mail of a registration', 'sent', 14, () => register(people.newEmail('newcomer'))],
  ['the mail to somebody who is already registered', 'sent', 12, () => register(ada.email)],
  ['the notice of a password change', 'sent', 6, changePassword],
]

test.each(mails)('%s (%s) takes at most %d statements of the worker', async (_what, state, most, request) => {
  await request()
  const id = await newestMail()

  const statements = await statementsOf(() => send(id))

  expect(await deps.db.mail.findUnique({ where: { id } })).toMatchObject({ state })
  expect(statements.length).toBeLessThanOrEqual(most)
  expect(statements.length).toBeGreaterThan(0)
})

test('a forgotten password takes at most ten statements with its mail and the queue', async () => {
  const requested = await statementsOf(() => forgot(bob.email))
  const id = await newestMail()
  const sent = await statementsOf(() => send(id))
  const QUEUE = 2

  expect(sendgrid.mails.at(-1)?.customArgs['latchkeyMailId']).toBe(id)
  expect(requested.length + sent.length + QUEUE).toBeLessThanOrEqual(10)
})
