import { readFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import '../../support/matchers.ts'
import { SENDGRID_PUBLIC_KEY, SendgridEvents } from '../../support/sendgrid-events.ts'
import { openSupportDesk } from '../../support/support-desk.ts'
import { Agent, readTickets } from '../../support/support-page.ts'
import { startTestApp } from '../../support/test-app.ts'

/**
 * Every ticket of docs/support-desk.md, followed step by step: each call of the page is made, with the scope that the page
 * states for it, and the person gets what they wanted.
 */
const testApp = await startTestApp({ env: { SENDGRID_WEBHOOK_PUBLIC_KEY: SENDGRID_PUBLIC_KEY } })
const { api, people, mailbox } = testApp
const provider = new SendgridEvents(testApp)
const desk = await openSupportDesk(testApp)
const tickets = await readTickets()
const followed: string[] = []
const NEW_PASSWORD = 'Battery-Staple-8'

function ticket(title: string, follow: (agent: Agent) => Promise<void>): void {
  followed.push(title)
  test(`the page's steps solve the ticket "${title}"`, async () => {
    const found = tickets.find((each) => each.title === title)
    if (!found) throw new Error(`docs/support-desk.md has no ticket "${title}"`)
    const agent = new Agent(testApp, found)
    await follow(agent)
    agent.expectEveryCallMade()
  })
}

async function bounce(email: string): Promise<void> {
  const mailId = await provider.mailTo(email)
  await provider.post(provider.event(mailId, 'bounce', { type: 'bounce', reason: '550 5.1.1 no such mailbox' }))
}

ticket('My address is not available', async (agent) => {
  const email = await people.lockedEmail()
  const successor = await people.verified()

  const seen = await agent.call('GET /v1/admin/addresses/{email}', { email })
  const holders = await agent.call('GET /v1/admin/users?everHeld={email}', { email })
  await agent.call('DELETE /v1/admin/addresses/{email}/lock', { email }, { reason: 'Ticket 4711' })

  expect(seen.body).toMatchObject({ state: 'locked', reason: 'email_changed' })
  expect(holders.body.users).toHaveLength(1)
  expect(await successor.changeEmail(email)).toHaveStatus(202)
})

ticket('No mail came when I signed up', async (agent) => {
  const email = people.newEmail()
  const registered = await api.post('/v1/register', { email, password: 'Correct-Horse-7' })
  await bounce(email)

  const receipt = await agent.call('GET /v1/admin/receipts/{receipt}', { receipt: registered.body.receipt })
  const seen = await agent.call('GET /v1/admin/addresses/{email}', { email })
  const mails = await agent.call('GET /v1/admin/addresses/{email}/mail', { email })
  const cleared = await agent.call('DELETE /v1/admin/addresses/{email}/suppression', { email })
  await api.post('/v1/email/verify/resend', { email })
  const token = await mailbox.token(email, 'verify_email')

  expect(seen.body).toMatchObject({
    state: 'free',
    registration: { createdAt: expect.stringMatching(/Z$/), expiresAt: expect.stringMatching(/Z$/) },
    suppression: { reason: 'bounced' },
  })
  expect(mails.body.mails).toEqual([receipt.body])
  expect(mails.body.mails).toMatchObject([
    { request: 'registration', accountId: null, state: 'bounced', reason: '550 5.1.1 no such mailbox' },
  ])
  expect(cleared).toHaveStatus(204)
  expect(await api.post('/v1/email/verify', { token })).toHaveStatus(200)
})

ticket('No mail came when I forgot my password', async (agent) => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  const asked = await api.post('/v1/password/forgot', { email: ada.email })
  await bounce(ada.email)

  const receipt = await agent.call('GET /v1/admin/receipts/{receipt}', { receipt: asked.body.receipt })
  const mails = await agent.call('GET /v1/admin/users/{id}/mail', { id })
  const sent = await agent.call('POST /v1/admin/users/{id}/password-reset', { id })
  const token = await mailbox.token(ada.email, 'reset_password')

  expect(receipt.body).toMatchObject({ state: 'bounced', reason: '550 5.1.1 no such mailbox' })
  expect(mails.body.mails[0]).toEqual(receipt.body)
  expect(sent).toHaveStatus(202)
  expect(await api.post('/v1/password/reset', { token, newPassword: NEW_PASSWORD })).toHaveStatus(204)
})

ticket('The link does not work', async (agent) => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  await api.post('/v1/password/forgot', { email: ada.email })
  const token = await mailbox.token(ada.email, 'reset_password')
  await ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: NEW_PASSWORD })

  const dead = await api.post('/v1/password/reset', { token, newPassword: 'Another-Pass-9' })
  const { body } = await agent.call('GET /v1/admin/users/{id}/mail', { id })

  expect(dead).toRefuse('link_expired')
  const [reset] = body.mails.filter(({ kind }: { kind: string }) => kind === 'reset_password')
  expect(reset.link).toMatchObject({ endReason: 'credentials_changed', endedAt: expect.any(String), usedAt: null })
})

ticket('I do not know my current password', async (agent) => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)

  await agent.call('POST /v1/admin/users/{id}/password-reset', { id })
  const token = await mailbox.token(ada.email, 'reset_password')
  await api.post('/v1/password/reset', { token, newPassword: NEW_PASSWORD })

  expect(await api.post('/v1/login', { email: ada.email, password: NEW_PASSWORD })).toHaveStatus(200)
})

ticket('I cannot sign in', async (agent) => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  for (let guess = 0; guess < 7; guess += 1) {
    await api.post('/v1/login', { email: ada.email, password: `Wrong-Guess-${guess}` }, { ip: '203.0.113.9' })
  }

  const user = await agent.call('GET /v1/admin/users/{id}', { id })
  const events = await agent.call('GET /v1/admin/users/{id}/events?type=login', { id })
  await agent.call('POST /v1/admin/users/{id}/password-reset', { id })
  const token = await mailbox.token(ada.email, 'reset_password')
  await api.post('/v1/password/reset', { token, newPassword: NEW_PASSWORD })
  const signIn = await api.post('/v1/login', { email: ada.email, password: NEW_PASSWORD }, { ip: '203.0.113.9' })

  expect(user.body).toMatchObject({ disabled: false, hasPassword: true })
  expect(user.body.signIn).toEqual({ blockedUntil: expect.stringMatching(/Z$/), failures: expect.any(Number) })
  expect(user.body.signIn.failures).toBeGreaterThan(0)
  expect(events.body.events[0]).toMatchObject({ outcome: 'failure', details: { reason: 'wrong_password' } })
  expect(signIn).toHaveStatus(200)
  expect((await desk.get(`/users/${id}`)).body.signIn).toEqual({ blockedUntil: null, failures: 0 })
})

ticket('Somebody is in my account', async (agent) => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  const [home, thief] = [ada.email, people.newEmail('thief')]
  await people.move(ada, thief)
  const revert = await mailbox.token(home, 'email_changed')
  const setDisabled = (disabled: boolean) => agent.call('PATCH /v1/admin/users/{id}', { id }, { disabled })

  const user = await agent.call('GET /v1/admin/users/{id}', { id })
  const events = await agent.call('GET /v1/admin/users/{id}/events', { id })
  await setDisabled(true)
  const reverted = await api.post('/v1/email/change/revert', { token: revert })
  await mailbox.drain()
  const whileDisabled = await mailbox.kinds(home)
  const ended = await agent.call('DELETE /v1/admin/users/{id}/revert-links', { id })
  await setDisabled(false)
  const token = await mailbox.token(home, 'reset_after_revert')
  const reset = await api.post('/v1/password/reset', { token, newPassword: NEW_PASSWORD })

  expect(user.body.revertLinks).toEqual([{ address: home, expiresAt: expect.stringMatching(/Z$/) }])
  expect(events.body.events[0]).toMatchObject({ outcome: 'success', actor: { type: expect.any(String) } })
  expect(reverted.body).toMatchObject({ email: home })
  expect(whileDisabled).not.toContain('reset_after_revert')
  expect(ended).toHaveStatus(204)
  expect(reset).toHaveStatus(204)
  expect(await api.post('/v1/login', { email: home, password: NEW_PASSWORD })).toHaveStatus(200)
  expect(await api.post('/v1/login', { email: thief, password: ada.password })).toRefuse('invalid_credentials')
})

ticket('Sign me out everywhere', async (agent) => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)

  const revoked = await agent.call('DELETE /v1/admin/users/{id}/sessions', { id })

  expect(revoked.body).toEqual({ revoked: 1 })
  expect(await ada.get('/v1/me')).toRefuse('unauthenticated')
})

ticket('Who changed my account?', async (agent) => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)

  const march = await agent.call('GET /v1/admin/users/{id}/events?from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z', {
    id,
  })

  expect(march.body).toEqual({ events: [], nextCursor: null })
  expect((await desk.trailOf(id)).length).toBeGreaterThan(0)
})

ticket('Delete my data', async (agent) => {
  const { email } = await people.verified()
  const id = await desk.idOf(email)

  const erased = await agent.call('DELETE /v1/admin/users/{id}', { id })
  await mailbox.drain()
  const { body } = await agent.call('GET /v1/admin/users/{id}/events', { id })

  expect(erased).toHaveStatus(204)
  expect(body.events[0].type).toBe('account.erasure_completed')
  expect(body.events[1]).toMatchObject({ type: 'account.erased', actor: { type: 'service_client' } })
  expect(await desk.addressState(email)).toBe('locked')
})

test('every ticket of the page is followed here', () => {
  expect(tickets.length).toBeGreaterThan(5)
  expect(tickets.map(({ title }) => title).sort()).toEqual(followed.sort())
})

test.each(['docs/support-desk.md', 'README.md'])(
  'the client that %s creates has the scope of every call of the page, except the one to erase a person',
  async (file) => {
    const [, scopes = ''] = /clients create --name desk --scope "([^"]+)"/.exec(await readFile(file, 'utf8')) ?? []

    const needed = new Set<string>(tickets.flatMap(({ calls }) => calls.map(({ scope }) => scope)))

    expect([...scopes.split(' '), 'users:delete'].sort()).toEqual([...needed].sort())
  },
)
