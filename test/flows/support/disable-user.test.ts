import { expect, test } from '@jest/globals'
import '../../support/matchers.ts'
import { openSupportDesk } from '../../support/support-desk.ts'
import { startTestApp } from '../../support/test-app.ts'

const testApp = await startTestApp()
const { api, deps, people, mailbox } = testApp
const desk = await openSupportDesk(testApp)

test('disabling an account revokes every session at once, and enabling it lets the person sign in again', async () => {
  const ada = await people.verified()
  const phone = await ada.logIn()
  const id = await desk.idOf(ada.email)

  const disabled = await desk.patch(`/users/${id}`, { disabled: true })

  expect(disabled.body).toMatchObject({ disabled: true, disabledAt: expect.any(String), activeSessions: 0 })
  expect(await ada.get('/v1/me')).toRefuse('unauthenticated')
  expect(await phone.refresh()).toRefuse('refresh_token_invalid')
  expect(await api.post('/v1/login', { email: ada.email, password: ada.password })).toRefuse('account_disabled')
  const { credentialVersion } = await deps.db.account.findUniqueOrThrow({ where: { id } })
  const enabled = await desk.patch(`/users/${id}`, { disabled: false })
  expect(await deps.db.account.findUniqueOrThrow({ where: { id } })).toMatchObject({ credentialVersion })
  expect(enabled.body).toMatchObject({ disabled: false, disabledAt: null })
  expect(await ada.get('/v1/me')).toRefuse('unauthenticated') // what was ended stays ended
  expect(await api.post('/v1/login', { email: ada.email, password: ada.password })).toHaveStatus(200)
})

test('disabling an account invalidates its mailed links for good, except the revert link', async () => {
  const ada = await people.verified()
  const [old, next] = [ada.email, people.newEmail()]
  await ada.changeEmail(next)
  await api.post('/v1/email/change/confirm', { token: await mailbox.token(next, 'confirm_email') })
  const revert = await mailbox.token(old, 'email_changed')
  await api.post('/v1/password/forgot', { email: next })
  const reset = await mailbox.token(next, 'reset_password')
  const id = await desk.idOf(next)

  await desk.patch(`/users/${id}`, { disabled: true })
  const whileDisabled = await api.post('/v1/password/reset', { token: reset, newPassword: 'Battery-Staple-8' })
  await desk.patch(`/users/${id}`, { disabled: false })
  const afterwards = await api.post('/v1/password/reset', { token: reset, newPassword: 'Battery-Staple-8' })
  const reverted = await api.post('/v1/email/change/revert', { token: revert })

  expect(whileDisabled).toRefuse('link_expired')
  expect(afterwards).toRefuse('link_expired')
  expect(reverted.body).toEqual({ email: old, outcome: 'restored' })
})

test('disabling a disabled account changes and records nothing', async () => {
  const { body } = await desk.post('/users', { email: people.newEmail() })

  await desk.patch(`/users/${body.id}`, { disabled: true })
  await desk.patch(`/users/${body.id}`, { disabled: true })

  expect(await desk.trailOf(body.id)).toEqual(['account.disabled', 'account.created'])
})

test('revoking all sessions signs out every device, cancels a pending email change, and says how many sessions ended', async () => {
  const ada = await people.verified()
  const phone = await ada.logIn()
  const next = people.newEmail()
  await ada.changeEmail(next)
  const confirm = await mailbox.token(next, 'confirm_email')
  const id = await desk.idOf(ada.email)

  const revoked = await desk.delete(`/users/${id}/sessions`)

  expect(revoked.body).toEqual({ revoked: 2 })
  expect(await ada.get('/v1/me')).toRefuse('unauthenticated')
  expect(await phone.refresh()).toRefuse('refresh_token_invalid')
  expect(await api.post('/v1/email/change/confirm', { token: confirm })).toRefuse('link_expired')
  expect((await desk.delete(`/users/${id}/sessions`)).body).toEqual({ revoked: 0 })
})
