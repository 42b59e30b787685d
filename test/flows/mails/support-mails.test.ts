import { expect, test } from '@jest/globals'
import '../../support/matchers.ts'
import { openSupportDesk } from '../../support/support-desk.ts'
import { startTestApp } from '../../support/test-app.ts'

const testApp = await startTestApp()
const { api, mailbox, people, sendgrid } = testApp
const desk = await openSupportDesk(testApp)

const NEW_PASSWORD = 'Battery-Staple-8'
const forgot = (email: string) => api.post('/v1/password/forgot', { email })

test('Support can send five resets an hour to an account, and none of them ends a link that the person requested', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  await forgot(ada.email)
  const own = await mailbox.token(ada.email, 'reset_password')

  const mails = await mailbox.during(async () => {
    for (let times = 0; times < 8; times += 1) await desk.post(`/users/${id}/password-reset`)
  })

  expect(mails).toEqual(Array(5).fill(`reset_password to ${ada.email}`))
  expect(await desk.post(`/users/${id}/password-reset`)).toRefuse('too_many_attempts')
  expect(await api.post('/v1/password/reset', { token: own, newPassword: NEW_PASSWORD })).toHaveStatus(204)
})

test('resets that Support sent do not hold back the reset that the person requests', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  for (let times = 0; times < 5; times += 1) await desk.post(`/users/${id}/password-reset`)
  await mailbox.drain()

  const mails = await mailbox.during(() => forgot(ada.email))

  expect(mails).toEqual([`reset_password to ${ada.email}`])
})

test('a mail that Support sends says so, and does not name an unknown device', async () => {
  const ada = await people.verified()
  await desk.post(`/users/${await desk.idOf(ada.email)}/password-reset`)

  const mail = (await mailbox.to(ada.email)).at(-1)

  expect(mail?.text).toContain('Acme Support sent you this link')
  expect(mail?.text).not.toMatch(/unknown device|ignore this mail/)
})

test('the instructions after a revert that were withheld from a disabled account are sent once it is enabled', async () => {
  const ada = await people.verified()
  const former = ada.email
  const id = await desk.idOf(former)
  await people.move(ada, people.newEmail('moved'))
  await api.post('/v1/email/change/revert', { token: await mailbox.token(former, 'email_changed') })
  await desk.patch(`/users/${id}`, { disabled: true })
  expect(await mailbox.endOf('reset_after_revert', former)).toMatchObject({ state: 'not_needed' })

  const mails = await mailbox.during(() => desk.patch(`/users/${id}`, { disabled: false }))
  const token = await mailbox.token(former, 'reset_after_revert')

  expect(mails).toEqual([`reset_after_revert to ${former}`])
  expect(await api.post('/v1/password/reset', { token, newPassword: NEW_PASSWORD })).toHaveStatus(204)
})

test('an account that is enabled gets no instructions if it has a password', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  await desk.patch(`/users/${id}`, { disabled: true })

  const mails = await mailbox.during(() => desk.patch(`/users/${id}`, { disabled: false }))

  expect(mails).toEqual([])
})

test('the receipt of a registration leads to what became of its mail', async () => {
  const email = people.newEmail('newcomer')
  sendgrid.failWith({ status: 403, body: { errors: [{ message: 'Maximum credits exceeded' }] } }, 1)
  const asked = await api.post('/v1/register', { email, password: 'Correct-Horse-7' })

  await mailbox.drain()
  const refused = await desk.get(`/receipts/${asked.body.receipt}`)
  await mailbox.drain()
  const sent = await desk.get(`/receipts/${asked.body.receipt}`)

  expect(refused.body).toMatchObject({ state: 'queued', reason: expect.stringContaining('Maximum credits exceeded') })
  expect(sent.body).toMatchObject({ state: 'sent', kind: 'verify_email' })
})
