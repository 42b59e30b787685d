import { expect, test } from '@jest/globals'
import { deliverMail } from '../../../src/worker/deliver-mail.ts'
import '../../support/matchers.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, deps, mailbox, mailer, people } = await startTestApp()

const forgot = (email: string) => api.post('/v1/password/forgot', { email })

test('ten reset mails an hour are the most, also for links that are all used', async () => {
  const ada = await people.verified()
  for (let times = 0; times < 10; times += 1) {
    await forgot(ada.email)
    const token = await mailbox.token(ada.email, 'reset_password')
    expect(await api.post('/v1/password/reset', { token, newPassword: `Battery-Staple-${times}` })).toHaveStatus(204)
  }

  await forgot(ada.email)

  expect(await mailbox.endOf('reset_password', ada.email)).toEqual({
    state: 'held_back',
    reason: 'too many reset mails to this address in the last hour',
  })
  clock.advance(3601)
  await forgot(ada.email)
  expect(await mailbox.endOf('reset_password', ada.email)).toMatchObject({ state: 'sent' })
})

test('ten mails an hour are the most that moves send to one address, however many accounts ask', async () => {
  const wanted = people.newEmail('wanted')
  for (let times = 0; times < 10; times += 1) await (await people.verified()).changeEmail(wanted)
  await mailbox.drain()

  await (await people.verified()).changeEmail(wanted)

  expect(await mailbox.endOf('confirm_email', wanted)).toEqual({
    state: 'held_back',
    reason: 'too many confirm mails to this address in the last hour',
  })
  expect(await mailbox.kinds(wanted)).toEqual(Array(10).fill('confirm_email'))
  clock.advance(3601)
  await (await people.verified()).changeEmail(wanted)
  expect(await mailbox.endOf('confirm_email', wanted)).toMatchObject({ state: 'sent' })
})

test('workers that send at once count one after the other', async () => {
  const ada = await people.verified()
  for (let times = 0; times < 8; times += 1) await forgot(ada.email)
  const waiting = await deps.db.mail.findMany({ where: { request: 'reset_password', address: ada.email } })

  await Promise.all(waiting.map(({ id }) => deliverMail(deps, mailer, id)))

  expect((await mailbox.kinds(ada.email)).filter((kind) => kind === 'reset_password')).toHaveLength(3)
})

test('who registers again and again, from one network, gets five mails, whose links work', async () => {
  const email = people.newEmail('impatient')
  for (let times = 0; times < 7; times += 1) await api.post('/v1/register', { email, password: 'Correct-Horse-7' })

  expect(await mailbox.kinds(email)).toEqual(Array(5).fill('verify_email'))
  const token = await mailbox.token(email, 'verify_email')
  expect(await api.post('/v1/email/verify', { token })).toHaveStatus(200)
})
