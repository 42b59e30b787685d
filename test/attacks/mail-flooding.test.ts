import { expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { inTurn, newNetwork } from '../support/guesser.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, clock, deps, mailbox, people } = await startTestApp()

test('L14: a hundred reset requests for one victim are all answered 202, send three mails, and the victim can still reset', async () => {
  const victim = await people.verified()
  const forgot = () => api.post('/v1/password/forgot', { email: victim.email }, { ip: newNetwork() })

  const answers = await inTurn(100, forgot)

  for (const answer of answers) expect(answer).toHaveStatus(202)
  expect((await mailbox.kinds(victim.email)).filter((kind) => kind === 'reset_password')).toHaveLength(3)
  const token = await mailbox.token(victim.email, 'reset_password')
  expect(await api.post('/v1/password/reset', { token, newPassword: 'Battery-Staple-8' })).toHaveStatus(204)
})

test('L14: requests for resets, hour after hour, send no more than ten mails an hour', async () => {
  const victim = await people.verified()
  const sent = async () => (await mailbox.kinds(victim.email)).filter((kind) => kind === 'reset_password').length
  for (let halfHour = 0; halfHour < 6; halfHour += 1) {
    await inTurn(20, () => api.post('/v1/password/forgot', { email: victim.email }))
    await mailbox.drain()
    clock.advance(1801)
  }

  expect(await sent()).toBeLessThanOrEqual(18)
})

test('L14: after an outage the limit on mails to one address holds for the mails that waited', async () => {
  const email = people.newEmail()
  await inTurn(9, () => api.post('/v1/register', { email, password: 'Correct-Horse-7' }))
  await deps.pool.query("UPDATE mails SET queued_at = queued_at - interval '2 hours' WHERE address = $1", [email])

  // Five links to verify, and the one mail in reserve that lets the owner choose a password.
  expect(await mailbox.kinds(email)).toEqual([...Array(5).fill('verify_email'), 'choose_password'])
})
