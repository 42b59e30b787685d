import { expect, test } from '@jest/globals'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, deps, mailbox, people } = await startTestApp()

test('a pending change shows the new address and when it expires', async () => {
  const ada = await people.verified()
  const asked = await ada.changeEmail(people.newEmail())

  const answer = await ada.get('/v1/email/change')

  expect(answer).toHaveStatus(200)
  expect(answer.body).toEqual(asked.body)
  const seconds = (new Date(answer.body.expiresAt).getTime() - clock.now().getTime()) / 1000
  expect(Math.abs(seconds - 86_400)).toBeLessThan(30)
})

test('every session of the account can read and cancel the pending change', async () => {
  const ada = await people.verified()
  const phone = await ada.logIn()
  await ada.changeEmail(people.newEmail())

  expect(await phone.get('/v1/email/change')).toHaveStatus(200)
  expect(await phone.delete('/v1/email/change')).toHaveStatus(204)
  expect(await ada.get('/v1/email/change')).toRefuse('not_found')
})

test('the links of a cancelled change no longer work', async () => {
  const ada = await people.verified()
  const newEmail = people.newEmail()
  await ada.changeEmail(newEmail)
  const confirm = await mailbox.token(newEmail, 'confirm_email')
  const cancel = await mailbox.token(ada.email, 'email_change_requested')

  await ada.delete('/v1/email/change')

  expect(await api.post('/v1/email/change/confirm', { token: confirm })).toRefuse('link_expired')
  expect(await api.post('/v1/email/change/revert', { token: cancel })).toRefuse('link_expired')
  expect(await ada.get('/v1/me')).toHaveStatus(200)
})

test('reading and cancelling answer not_found if no change is pending', async () => {
  const ada = await people.verified()
  const never = await ada.get('/v1/email/change')
  await people.move(ada, people.newEmail())

  expect(never).toRefuse('not_found')
  expect(await ada.get('/v1/email/change')).toRefuse('not_found')
  expect(await ada.delete('/v1/email/change')).toRefuse('not_found')
})

test('a change that is not confirmed within a day is no longer pending', async () => {
  const ada = await people.verified()
  await ada.changeEmail(people.newEmail())
  clock.advance(86_401)
  await ada.refresh()

  expect(await ada.get('/v1/email/change')).toRefuse('not_found')
  expect(await ada.delete('/v1/email/change')).toRefuse('not_found')
  expect(await ada.changeEmail(people.newEmail())).toHaveStatus(202)
})

test('of two concurrent cancellations, one succeeds', async () => {
  const ada = await people.verified()
  await ada.changeEmail(people.newEmail())

  const answers = await Promise.all([ada.delete('/v1/email/change'), ada.delete('/v1/email/change')])

  expect(answers.map((answer) => answer.status).sort()).toEqual([204, 404])
})

test('the pending change of another account can be neither read nor cancelled', async () => {
  const ada = await people.verified()
  const eve = await people.verified()
  await ada.changeEmail(people.newEmail())

  expect(await eve.get('/v1/email/change')).toRefuse('not_found')
  expect(await eve.delete('/v1/email/change')).toRefuse('not_found')
  expect(await api.get('/v1/email/change')).toRefuse('unauthenticated')
  expect(await api.delete('/v1/email/change')).toRefuse('unauthenticated')
  expect(await ada.get('/v1/email/change')).toHaveStatus(200)
})

test('a cancellation is in the audit trail, and nobody is mailed', async () => {
  const ada = await people.verified()
  const { id: accountId } = (await ada.get('/v1/me')).body
  await ada.changeEmail(people.newEmail())

  const mails = await mailbox.during(() => ada.delete('/v1/email/change'))

  expect(mails).toEqual([])
  expect(await eventsOf(deps, 'email_change.cancelled', accountId)).toMatchObject([
    { outcome: 'success', sessionId: ada.tokens.sessionId, actorId: accountId, ip: '198.51.100.7' },
  ])
})
