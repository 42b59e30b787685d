import { expect, test } from '@jest/globals'
import '../../support/matchers.ts'
import { openSupportDesk } from '../../support/support-desk.ts'
import { startTestApp } from '../../support/test-app.ts'

/** Support sees which links no longer work, and why. */
const testApp = await startTestApp()
const { api, clock, people, mailbox } = testApp
const desk = await openSupportDesk(testApp)
const NEW_PASSWORD = 'Battery-Staple-8'

interface ShownMail {
  readonly kind: string
  readonly link: { endedAt: string | null; endReason: string | null; usedAt: string | null } | null
}

/** How the links in the mails of one kind ended, the newest mail first. */
async function endsOf(id: string, kind: string): Promise<Array<string | null>> {
  const { body } = await desk.get(`/users/${id}/mail?limit=100`)
  const mails: ShownMail[] = body.mails.filter((mail: ShownMail) => mail.kind === kind)
  for (const { link } of mails) {
    if (link?.endReason === null || link?.endReason === 'replaced') continue
    expect(link?.endedAt).toMatch(/Z$/)
  }
  return mails.map(({ link }) => link?.endReason ?? null)
}

async function mailedReset(email: string): Promise<string> {
  await api.post('/v1/password/forgot', { email })
  return mailbox.token(email, 'reset_password')
}

test('a link that works has no end, and a link that was used says so', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  const token = await mailedReset(ada.email)

  const before = await endsOf(id, 'reset_password')
  await api.post('/v1/password/reset', { token, newPassword: NEW_PASSWORD })

  expect(before).toEqual([null])
  expect(await endsOf(id, 'reset_password')).toEqual(['used'])
})

test('the other links of the account say that the credentials changed when one link sets a new password', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  await mailedReset(ada.email)
  const newer = await mailedReset(ada.email)

  await api.post('/v1/password/reset', { token: newer, newPassword: NEW_PASSWORD })

  expect(await endsOf(id, 'reset_password')).toEqual(['used', 'credentials_changed'])
})

test('the links of an account that Support disables say that it was disabled', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  await mailedReset(ada.email)

  await desk.patch(`/users/${id}`, { disabled: true })

  expect(await endsOf(id, 'reset_password')).toEqual(['account_disabled'])
})

test('the confirm link of a request says that a second request replaced it, or that the request was cancelled', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  await ada.changeEmail(people.newEmail())
  await mailbox.drain()
  await ada.changeEmail(people.newEmail())
  await mailbox.drain()

  const replaced = await endsOf(id, 'confirm_email')
  await ada.delete('/v1/email/change')

  expect(replaced).toEqual([null, 'replaced'])
  expect(await endsOf(id, 'confirm_email')).toEqual(['cancelled', 'replaced'])
})

test('the link of a registration says that it was replaced when another link opened the account', async () => {
  const email = people.newEmail()
  await api.post('/v1/register', { email, password: 'Correct-Horse-7' })
  await mailbox.drain()
  await api.post('/v1/register', { email, password: 'Correct-Horse-7' })
  const newer = await mailbox.token(email, 'verify_email')

  await api.post('/v1/email/verify', { token: newer })

  const { body } = await desk.get(`/addresses/${email}/mail`)
  const links = body.mails.map(({ link }: ShownMail) => link?.endReason)
  expect(links).toEqual(['used', 'replaced'])
})

test('a revert link is listed with its mail, and says that it was used or replaced', async () => {
  const ada = await people.verified()
  const [first, second] = [ada.email, people.newEmail()]
  const id = await desk.idOf(first)
  await people.move(ada, second)
  const revert = await mailbox.token(first, 'email_changed')

  const before = [await endsOf(id, 'email_changed'), await endsOf(id, 'email_change_requested')]
  const links = (await desk.get(`/users/${id}`)).body.revertLinks
  await api.post('/v1/email/change/revert', { token: revert })

  expect(before).toEqual([[null], [null]])
  expect(links).toEqual([{ address: first, expiresAt: expect.stringMatching(/Z$/) }])
  expect(await endsOf(id, 'email_changed')).toEqual(['used'])
  expect(await endsOf(id, 'email_change_requested')).toEqual(['replaced'])
  expect((await desk.get(`/users/${id}`)).body.revertLinks).toEqual([])
})

test('Support ends the revert links of an account: they stop working, say so, and the audit trail names the client', async () => {
  const ada = await people.verified()
  const [first, second] = [ada.email, people.newEmail()]
  const id = await desk.idOf(first)
  await people.move(ada, second)
  const revert = await mailbox.token(first, 'email_changed')

  const ended = await desk.delete(`/users/${id}/revert-links`)
  const again = await desk.delete(`/users/${id}/revert-links`)

  expect([ended.status, again.status]).toEqual([204, 204])
  expect(await api.post('/v1/email/change/revert', { token: revert })).toRefuse('link_expired')
  expect(await endsOf(id, 'email_changed')).toEqual(['ended_by_support'])
  expect((await desk.get(`/users/${id}`)).body).toMatchObject({ email: second, revertLinks: [] })
  const { body } = await desk.get(`/users/${id}/events?type=email_change.revert_links_ended`)
  expect(body.events).toMatchObject([{ actor: { type: 'service_client' }, details: { count: 2 } }])
})

test('the revert links of an account that nobody has are not found', async () => {
  expect(await desk.delete('/users/0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c55/revert-links')).toRefuse('not_found')
})

test('a link whose time is over says that it expired, and when', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  await mailedReset(ada.email)

  clock.advance(3600)

  const later = await openSupportDesk(testApp) // the access token of the other one has expired too
  const { body } = await later.get(`/users/${id}/mail?limit=1`)
  const [{ link }] = body.mails
  expect(link).toMatchObject({ endReason: 'expired', endedAt: link.expiresAt, usedAt: null })
})
