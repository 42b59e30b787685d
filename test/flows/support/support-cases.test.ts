import { expect, test } from '@jest/globals'
import '../../support/matchers.ts'
import { SENDGRID_PUBLIC_KEY, SendgridEvents } from '../../support/sendgrid-events.ts'
import { openSupportDesk } from '../../support/support-desk.ts'
import { startTestApp } from '../../support/test-app.ts'

/** Each case in which a person is told to contact Support, from the problem to its solution, with the API only. */
const testApp = await startTestApp({ env: { SENDGRID_WEBHOOK_PUBLIC_KEY: SENDGRID_PUBLIC_KEY } })
const provider = new SendgridEvents(testApp)
const { api, people, mailbox, sendgrid } = testApp
const desk = await openSupportDesk(testApp)

test('"I cannot have my old address": Support sees why it is locked, unlocks it with a reason, and the change goes through', async () => {
  const work = people.newEmail('work')
  const leaver = await people.verified({ email: work })
  await leaver.changeEmail(people.newEmail('home'))
  const confirm = await mailbox.token((await leaver.get('/v1/email/change')).body.pendingEmail, 'confirm_email')
  await api.post('/v1/email/change/confirm', { token: confirm })
  const successor = await people.verified()

  const refused = await successor.changeEmail(work)
  const seen = await desk.get(`/addresses/${work}`)
  const holders = await desk.get(`/users?everHeld=${work}`)
  const unlocked = await desk.delete(`/addresses/${work}/lock`, { reason: 'Ticket 4711: the mailbox has passed on' })
  const accepted = await successor.changeEmail(work)
  const moved = await api.post('/v1/email/change/confirm', { token: await mailbox.token(work, 'confirm_email') })

  expect(refused).toRefuse('email_unavailable')
  expect(refused.body.support).toBe('help@acme.example')
  expect(seen.body).toEqual({
    address: work,
    state: 'locked',
    reason: 'email_changed',
    lockedAt: expect.stringMatching(/Z$/),
    suppression: null,
    registration: null,
  })
  expect(unlocked).toHaveStatus(204)
  expect(accepted).toHaveStatus(202)
  expect(moved.body).toEqual({ email: work })
  const [former] = holders.body.users
  const trail = await desk.get(`/users/${former.id}/events`)
  expect(trail.body.events[0]).toMatchObject({
    type: 'address.unlocked',
    actor: { type: 'service_client', id: expect.stringMatching(/^svc_/) },
    details: { address: work, reason: 'Ticket 4711: the mailbox has passed on', lockReason: 'email_changed' },
  })
})

test('"No mail came", because none was sent: the receipt says that no account has that address', async () => {
  const typo = people.newEmail('mistyped')

  const asked = await api.post('/v1/password/forgot', { email: typo })
  await mailbox.drain()
  const found = await desk.get(`/receipts/${asked.body.receipt}`)

  expect(found.body).toMatchObject({ state: 'no_account', address: typo, accountId: null, sentAt: null, link: null })
})

test('"No mail came", because a limit held it back: Support sees this, sends instructions past the limit, and the person signs in', async () => {
  const ada = await people.verified()
  for (let times = 0; times < 3; times += 1) {
    await api.post('/v1/password/forgot', { email: ada.email })
    await mailbox.drain()
  }
  const oldest = await mailbox.token(ada.email, 'reset_password')
  const asked = await api.post('/v1/password/forgot', { email: ada.email })
  await mailbox.drain()
  const id = await desk.idOf(ada.email)

  const heldBack = await desk.get(`/receipts/${asked.body.receipt}`)
  const inTheList = await desk.get(`/users/${id}/mail?limit=1`)
  const sent = await desk.post(`/users/${id}/password-reset`)
  const token = await mailbox.token(ada.email, 'reset_password')
  const reset = await api.post('/v1/password/reset', { token, newPassword: 'Battery-Staple-8' })

  expect(heldBack.body).toMatchObject({ state: 'held_back', reason: expect.stringContaining('three links') })
  expect(inTheList.body.mails[0]).toMatchObject({ state: 'held_back', receipt: asked.body.receipt })
  expect(sent).toHaveStatus(202)
  expect(token).not.toBe(oldest)
  expect(reset).toHaveStatus(204)
  const found = await desk.get(`/receipts/${sent.body.receipt}`)
  expect(found.body).toMatchObject({ accountId: id, kind: 'reset_password', state: 'link_used' })
})

test('"No mail came", because the provider refuses it: Support sees the reason but no link, and the mail is retried', async () => {
  const ada = await people.verified()
  sendgrid.failWith({ status: 400, body: { errors: [{ message: 'The to address is on fire.' }] } }, 1)

  const asked = await api.post('/v1/password/forgot', { email: ada.email })
  await mailbox.drain()
  const found = await desk.get(`/receipts/${asked.body.receipt}`)
  const listed = await desk.get(`/users/${await desk.idOf(ada.email)}/mail`)

  expect(found.body).toMatchObject({ state: 'queued', attempts: 1, reason: expect.stringContaining('on fire') })
  expect(listed.body.mails[0]).toMatchObject({ id: found.body.id, state: 'queued', reason: found.body.reason })
  expect(`${found.text}${listed.text}`).not.toMatch(/#token=|https?:/)
  expect(await mailbox.kinds(ada.email)).toContain('reset_password')
})

test('"No mail came", because it bounced: Support sees when, the provider’s reason, and that the address is suppressed', async () => {
  const ada = await people.verified()
  const asked = await api.post('/v1/password/forgot', { email: ada.email })
  const mailId = await provider.mailTo(ada.email)
  await provider.post(
    provider.event(mailId, 'bounce', { type: 'bounce', reason: '550 5.1.1 no such mailbox' }),
    provider.event(mailId, 'deferred', { response: '451 try later' }),
  )

  const { body: found } = await desk.get(`/receipts/${asked.body.receipt}`)
  const { body: listed } = await desk.get(`/users/${await desk.idOf(ada.email)}/mail?limit=1`)
  const { body: address } = await desk.get(`/addresses/${ada.email}`)

  expect(found).toMatchObject({ state: 'bounced', reason: '550 5.1.1 no such mailbox' })
  expect(found.history).toEqual(
    expect.arrayContaining([
      { state: 'queued', at: found.queuedAt, reason: null },
      { state: 'sent', at: found.sentAt, reason: null },
      { state: 'deferred', at: expect.stringMatching(/Z$/), reason: '451 try later' },
      { state: 'bounced', at: expect.stringMatching(/Z$/), reason: '550 5.1.1 no such mailbox' },
    ]),
  )
  expect(found.history).toHaveLength(4)
  expect(listed.mails).toEqual([found])
  expect(address.suppression).toMatchObject({ reason: 'bounced', providerReason: '550 5.1.1 no such mailbox' })
})

test('"No mail came", because the provider was down: Support sees the last error while the mail is retried, and then that it was sent', async () => {
  const ada = await people.verified()
  sendgrid.failWith({ status: 503 }, 1)
  const asked = await api.post('/v1/password/forgot', { email: ada.email })
  await mailbox.drain()

  const waiting = await desk.get(`/receipts/${asked.body.receipt}`)
  await mailbox.drain()
  const sent = await desk.get(`/receipts/${asked.body.receipt}`)
  const token = await mailbox.token(ada.email, 'reset_password') // each try has a link of its own
  await api.post('/v1/password/reset', { token, newPassword: 'Battery-Staple-8' })
  const used = await desk.get(`/receipts/${asked.body.receipt}`)

  expect(waiting.body).toMatchObject({ state: 'queued', attempts: 1, reason: 'SendGrid answered 503', sentAt: null })
  expect(sent.body).toMatchObject({ state: 'sent', attempts: 2, reason: null })
  expect(sent.body.history.map(({ state }: { state: string }) => state)).toEqual(['queued', 'sent'])
  expect(used.body).toMatchObject({ state: 'link_used', link: { usedAt: expect.any(String) } })
})

test('a receipt shows each step: the mail sent, the link checked, the link used', async () => {
  const ada = await people.verified()
  const { body } = await api.post('/v1/password/forgot', { email: ada.email })
  const token = await mailbox.token(ada.email, 'reset_password')
  const stateNow = async () => (await desk.get(`/receipts/${body.receipt}`)).body

  const sent = await stateNow()
  await api.post('/v1/password/reset/check', { token })
  const checked = await stateNow()
  await api.post('/v1/password/reset', { token, newPassword: 'Battery-Staple-8' })
  const used = await stateNow()

  expect(sent).toMatchObject({ state: 'sent', link: { checkedAt: null, usedAt: null } })
  expect(checked).toMatchObject({ state: 'link_checked', link: { usedAt: null } })
  expect(used).toMatchObject({ state: 'link_used' })
  expect(used.history.map(({ state }: { state: string }) => state)).toEqual([
    'queued',
    'sent',
    'link_checked',
    'link_used',
  ])
})

test('each mail in a list shows its own link and history, the newest mail first', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  const { body: used } = await api.post('/v1/password/forgot', { email: ada.email })
  const token = await mailbox.token(ada.email, 'reset_password')
  const { body: unused } = await api.post('/v1/password/forgot', { email: ada.email })
  await mailbox.drain()
  await api.post('/v1/password/reset', { token, newPassword: 'Battery-Staple-8' })
  await mailbox.drain()

  const all = (await desk.get(`/users/${id}/mail`)).body.mails
  const first = (await desk.get(`/users/${id}/mail?limit=2`)).body
  const rest = (await desk.get(`/users/${id}/mail?limit=2&cursor=${first.nextCursor}`)).body

  const shown = (mails: Array<{ kind: string; receipt: string | null }>) =>
    mails.map(({ kind, receipt }) => `${kind} ${receipt ?? ''}`.trim())
  expect(shown(all)).toEqual([
    'password_was_reset',
    `reset_password ${unused.receipt}`,
    `reset_password ${used.receipt}`,
    expect.stringMatching(/^verify_email \S+$/),
  ])
  expect(shown([...first.mails, ...rest.mails])).toEqual(shown(all))
  expect(rest.nextCursor).toBeNull()
  const [notice, second, spent] = all
  expect(notice.link).toBeNull()
  expect(second).toMatchObject({ state: 'sent', link: { checkedAt: null, usedAt: null } })
  expect(spent.link.usedAt).toEqual(expect.any(String))
  const steps = ({ history }: { history: Array<{ state: string }> }) => history.map(({ state }) => state)
  expect([notice, second, spent].map(steps)).toEqual([
    ['queued', 'sent'],
    ['queued', 'sent'],
    ['queued', 'sent', 'link_used'],
  ])
})

test('the history of a mail that was never sent ends with the reason', async () => {
  const { body } = await api.post('/v1/password/forgot', { email: people.newEmail() })
  await mailbox.drain()

  const { history } = (await desk.get(`/receipts/${body.receipt}`)).body

  expect(history).toMatchObject([
    { state: 'queued', reason: null },
    { state: 'no_account', reason: 'no account has this address' },
  ])
})

test('a receipt is found in every spelling that a person may read out', async () => {
  const { body } = await api.post('/v1/password/forgot', { email: people.newEmail() })
  const typed = body.receipt.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'O').replaceAll('1', 'l')

  const found = await desk.get(`/receipts/${encodeURIComponent(typed)}`)

  expect(found.body.receipt).toBe(body.receipt)
})

test.each(['0000-0000-0000', 'UUUU-UUUU-UUUU', '%00', 'x'.repeat(300), "' OR 1=1"])(
  'a receipt that does not exist, %p, is not found',
  async (receipt) => {
    expect(await desk.get(`/receipts/${encodeURIComponent(receipt)}`)).toRefuse('not_found')
  },
)

test('"I do not know my current password": Support sends instructions, and the new password works', async () => {
  const ada = await people.verified()
  const guess = await ada.post('/v1/password/change', {
    currentPassword: 'Some-Guess-1',
    newPassword: 'Battery-Staple-8',
  })
  const id = await desk.idOf(ada.email)

  const sent = await desk.post(`/users/${id}/password-reset`)
  const token = await mailbox.token(ada.email, 'reset_password')
  await api.post('/v1/password/reset', { token, newPassword: 'Battery-Staple-8' })
  const after = await api.post('/v1/login', { email: ada.email, password: 'Battery-Staple-8' })

  expect(guess).toRefuse('wrong_password')
  expect(sent.body).toEqual({ status: 'accepted', receipt: expect.stringMatching(/^[0-9A-Z]{4}(-[0-9A-Z]{4}){2}$/) })
  expect(after).toHaveStatus(200)
  expect(await desk.trailOf(id)).toEqual(expect.arrayContaining(['password.reset_requested', 'password.reset']))
})

test('however often Support sends instructions, three links live: the newest', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  const tokens: string[] = []
  for (let times = 0; times < 4; times += 1) {
    await desk.post(`/users/${id}/password-reset`)
    tokens.push(await mailbox.token(ada.email, 'reset_password'))
  }

  const answers = await Promise.all(tokens.map((token) => api.post('/v1/password/reset/check', { token })))

  expect(answers.map(({ status }) => status)).toEqual([410, 200, 200, 200])
})
