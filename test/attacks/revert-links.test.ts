import { expect, test } from '@jest/globals'
import type { Answer } from '../support/api.ts'
import '../support/matchers.ts'
import { openSupportDesk } from '../support/support-desk.ts'
import { startTestApp } from '../support/test-app.ts'

/** The revert link to an address wins over those to later addresses, because the earlier address is the owner's (C4, C5). */
const testApp = await startTestApp()
const { api, clock, mailbox, people } = testApp
const desk = await openSupportDesk(testApp)
const NEW = 'Battery-Staple-8'
const DAY = 86_400

function revert(token: string): Promise<Answer> {
  return api.post('/v1/email/change/revert', { token })
}

function checkRevert(token: string): Promise<Answer> {
  return api.post('/v1/email/change/revert/check', { token })
}

function logIn(email: string, password: string): Promise<Answer> {
  return api.post('/v1/login', { email, password })
}

/** Requests a reset link for the address and resets the password with it. */
async function resetPassword(email: string, newPassword: string): Promise<void> {
  await api.post('/v1/password/forgot', { email })
  const token = await mailbox.token(email, 'reset_password')
  expect(await api.post('/v1/password/reset', { token, newPassword })).toHaveStatus(204)
}

/** An account that a thief, who could read the owner's mailbox for some minutes, has moved to `lair` and back. */
async function movedAwayAndBack() {
  const ada = await people.verified()
  const home = ada.email
  const lair = people.newEmail('lair')
  await resetPassword(home, 'Of-A-Thief-9')
  const thief = await people.signedIn(home, 'Of-A-Thief-9')
  await people.move(thief, lair)
  await people.move(thief, home)
  const planted = await mailbox.token(lair, 'email_changed')
  return { home, lair, thief, planted, early: await mailbox.token(lair, 'email_change_requested') }
}

test('the revert link of a thief who moved the account away and back does not survive the owner’s recovery', async () => {
  const { home, lair, planted, early } = await movedAwayAndBack()
  await resetPassword(home, NEW)
  const owner = await people.signedIn(home, NEW)
  await owner.delete('/v1/sessions')
  const id = (await owner.get('/v1/me')).body.id
  await desk.patch(`/users/${id}`, { disabled: true })

  for (const token of [planted, early]) {
    expect(await checkRevert(token)).toRefuse('link_expired')
    expect(await revert(token)).toRefuse('link_expired')
  }

  await desk.patch(`/users/${id}`, { disabled: false })
  expect(await revert(planted)).toRefuse('link_expired')
  expect(await logIn(home, NEW)).toHaveStatus(200)
  expect(await desk.addressState(lair)).toBe('locked')
})

test('the revert link of a thief who moved the account away and back is over after the owner has moved on, too', async () => {
  const { home, planted } = await movedAwayAndBack()
  await resetPassword(home, NEW)
  const owner = await people.signedIn(home, NEW)
  const next = people.newEmail()
  await people.move(owner, next)

  expect(await revert(planted)).toRefuse('link_expired')

  expect((await owner.get('/v1/me')).body.email).toBe(next)
})

test('a thief who moves the account through several addresses and back has no revert link that works', async () => {
  const ada = await people.verified()
  const home = ada.email
  const thief = await ada.logIn()
  const lairs = [people.newEmail('lair'), people.newEmail('lair'), people.newEmail('lair')]
  const [first = ''] = lairs
  for (const lair of [...lairs, first, home]) await people.move(thief, lair)
  const links: string[] = []
  for (const lair of lairs) links.push(await mailbox.token(lair, 'email_changed'))

  for (const link of links) expect(await revert(link)).toRefuse('link_expired')

  expect((await thief.get('/v1/me')).body.email).toBe(home)
})

test('the owner’s revert link works after a thief has moved the account away, back and away again', async () => {
  const ada = await people.verified()
  const home = ada.email
  const thief = await ada.logIn()
  await people.move(thief, people.newEmail('lair'))
  const link = await mailbox.token(home, 'email_changed')
  for (const next of [home, people.newEmail('lair'), home, people.newEmail('lair')]) await people.move(thief, next)

  expect((await revert(link)).body).toEqual({ email: home, outcome: 'restored' })

  expect(await thief.refresh()).toRefuse('refresh_token_invalid')
})

test('a person who gave up an address long ago can revert a return to it that they did not make', async () => {
  const ada = await people.verified()
  const givenUp = ada.email
  const home = people.newEmail()
  await people.move(ada, home)
  clock.advance(8 * DAY) // longer than a revert link of that move works
  const thief = await people.signedIn(home, ada.password)
  await people.move(thief, givenUp)

  expect((await revert(await mailbox.token(home, 'email_changed'))).body).toEqual({ email: home, outcome: 'restored' })
})
