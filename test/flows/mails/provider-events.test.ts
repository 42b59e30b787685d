import { describe, expect, test } from '@jest/globals'
import { SENDGRID_PUBLIC_KEY, SendgridEvents } from '../../support/sendgrid-events.ts'
import { openSupportDesk } from '../../support/support-desk.ts'
import { startTestApp } from '../../support/test-app.ts'
import '../../support/matchers.ts'

const service = await startTestApp({ env: { SENDGRID_WEBHOOK_PUBLIC_KEY: SENDGRID_PUBLIC_KEY } })
const { api, clock, mailbox, people } = service
const sendgrid = new SendgridEvents(service)
const desk = await openSupportDesk(service)

/** Somebody who asked for a reset link: the mail's id and the receipt. */
async function asked(): Promise<{ email: string; receipt: string; mailId: string }> {
  const { email } = await people.verified()
  const { body } = await api.post('/v1/password/forgot', { email })
  return { email, receipt: body.receipt, mailId: await sendgrid.mailTo(email) }
}

async function receiptOf({ receipt }: { receipt: string }) {
  return (await desk.get(`/receipts/${receipt}`)).body
}

async function flagOf({ email }: { email: string }) {
  return (await desk.get(`/addresses/${email}`)).body.suppression
}

describe('what Support sees about a mail that the provider has accepted', () => {
  test('a mail that bounced shows the provider’s reason, and its address is flagged', async () => {
    const person = await asked()
    const reason = '550 5.1.1 The email account that you tried to reach does not exist'

    await sendgrid.post(sendgrid.event(person.mailId, 'bounce', { reason, type: 'bounce', status: '5.1.1' }))

    expect(await receiptOf(person)).toMatchObject({ state: 'bounced', reason })
    expect(await flagOf(person)).toEqual({ reason: 'bounced', providerReason: reason, since: expect.any(String) })
  })

  test('the history lists each step with its time and reason, the oldest first', async () => {
    const person = await asked()
    const at = Math.floor(clock.now().getTime() / 1000) + 2
    clock.advance(10)

    await sendgrid.post(
      sendgrid.event(person.mailId, 'delivered', { timestamp: at + 2, response: '250 OK' }),
      sendgrid.event(person.mailId, 'deferred', { timestamp: at + 1, response: '451 greylisted' }),
      sendgrid.event(person.mailId, 'processed', { timestamp: at }),
    )

    const { history, state } = await receiptOf(person)
    expect(state).toBe('delivered')
    expect(history).toMatchObject([
      { state: 'queued' },
      { state: 'sent' },
      { state: 'processed', reason: null },
      { state: 'deferred', reason: '451 greylisted' },
      { state: 'delivered', reason: '250 OK', at: new Date((at + 2) * 1000).toISOString() },
    ])
  })

  test('a mail that was opened again after its link was used lists the two in that order', async () => {
    const person = await asked()
    await api.post('/v1/password/reset/check', { token: await mailbox.token(person.email, 'reset_password') })
    clock.advance(60)
    await sendgrid.post(sendgrid.event(person.mailId, 'open'))

    const { history } = await receiptOf(person)
    expect(history.map(({ state }: { state: string }) => state)).toEqual(['queued', 'sent', 'link_checked', 'opened'])
  })

  test('of several deferrals, the newest gives the reason', async () => {
    const person = await asked()
    const now = Math.floor(clock.now().getTime() / 1000)
    const deferred = (secondsAgo: number, response: string) =>
      sendgrid.event(person.mailId, 'deferred', { timestamp: now - secondsAgo, response })

    await sendgrid.post(deferred(5, '451 greylisted'))
    await sendgrid.post(deferred(1, '452 mailbox full'), deferred(9, '421 try later'))

    expect(await receiptOf(person)).toMatchObject({ state: 'deferred', reason: '452 mailbox full' })
  })

  test('a deferral that is reported late changes neither the newer reason nor the later state', async () => {
    const person = await asked()
    const now = Math.floor(clock.now().getTime() / 1000)
    const told = (event: string, secondsAgo: number, response: string) =>
      sendgrid.post(sendgrid.event(person.mailId, event, { timestamp: now - secondsAgo, response }))

    await told('deferred', 5, '452 mailbox full')
    await told('deferred', 9, '451 greylisted')
    expect(await receiptOf(person)).toMatchObject({ state: 'deferred', reason: '452 mailbox full' })
    await told('delivered', 3, '250 OK')
    await told('deferred', 1, '421 try later') // by another clock
    expect(await receiptOf(person)).toMatchObject({ state: 'delivered', reason: '250 OK' })
    await told('delivered', 0, '250 twice')
    expect(await receiptOf(person)).toMatchObject({ state: 'delivered', reason: '250 OK' })
  })

  test('each of two mails in one batch gets its own events', async () => {
    const [one, other] = [await asked(), await asked()]

    await sendgrid.post(
      sendgrid.event(one.mailId, 'bounce', { reason: '550 no such user' }),
      sendgrid.event(other.mailId, 'delivered'),
    )

    expect(await receiptOf(one)).toMatchObject({ state: 'bounced' })
    expect(await receiptOf(other)).toMatchObject({ state: 'delivered' })
    expect(await flagOf(one)).toMatchObject({ reason: 'bounced' })
    expect(await flagOf(other)).toBeNull()
  })

  test('of two final events in one batch the earlier stands, and so does the earlier of two bounces of one address', async () => {
    const person = await asked()
    const now = Math.floor(clock.now().getTime() / 1000)
    await sendgrid.post(
      sendgrid.event(person.mailId, 'dropped', { timestamp: now - 1, reason: 'Bounced Address' }),
      sendgrid.event(person.mailId, 'bounce', { timestamp: now - 9, reason: '550 no such user' }),
    )
    const next = await api.post('/v1/password/forgot', { email: person.email })
    const again = await sendgrid.post(
      sendgrid.event(await sendgrid.mailTo(person.email), 'bounce', { reason: '550 still not there' }),
    )

    expect(again).toHaveStatus(204)
    expect(await receiptOf(person)).toMatchObject({ state: 'bounced', reason: '550 no such user' })
    expect(await receiptOf(next.body)).toMatchObject({ state: 'bounced', reason: '550 still not there' })
    const { mails } = (await desk.get(`/users/${await desk.idOf(person.email)}/mail?limit=2`)).body
    const reasons = ({ history }: { history: Array<{ reason: string | null }> }) =>
      history.flatMap(({ reason }) => reason ?? [])
    expect(mails.map(reasons)).toEqual([['550 still not there'], ['550 no such user', 'Bounced Address']])
    expect(await flagOf(person)).toMatchObject({
      reason: 'bounced',
      providerReason: '550 no such user',
      since: new Date((now - 9) * 1000).toISOString(),
    })
  })

  test('a mail that was delivered and then returned has bounced', async () => {
    const person = await asked()

    await sendgrid.post(sendgrid.event(person.mailId, 'delivered'))
    await sendgrid.post(sendgrid.event(person.mailId, 'bounce', { reason: '550 returned' }))

    expect(await receiptOf(person)).toMatchObject({ state: 'bounced', reason: '550 returned' })
  })

  test('a time of the provider that is ahead of ours is not shown as a time in the future', async () => {
    const person = await asked()
    const timestamp = Math.floor(clock.now().getTime() / 1000) + 300

    await sendgrid.post(sendgrid.event(person.mailId, 'delivered', { timestamp }))

    const { history } = await receiptOf(person)
    expect(new Date(history.at(-1).at).getTime()).toBeLessThanOrEqual(clock.now().getTime())
  })
})

describe('an address that the provider suppresses', () => {
  test.each([
    ['bounce', { reason: '550 no such user' }, 'bounced'],
    ['dropped', { reason: 'Bounced Address' }, 'dropped'],
    ['spamreport', {}, 'spam_reported'],
  ])('a %s flags it', async (name, fields, reason) => {
    const person = await asked()

    await sendgrid.post(sendgrid.event(person.mailId, name, fields))

    expect(await flagOf(person)).toMatchObject({ reason })
  })

  test.each([
    ['a bounce that only says no for now', 'bounce', { type: 'blocked', reason: '550 your network is blocked' }],
    ['a drop for what the mail says', 'dropped', { reason: 'Spam Content' }],
    ['a drop for what we asked', 'dropped', { reason: 'Invalid SMTPAPI header' }],
    ['a deferral', 'deferred', { response: '451 later' }],
    ['a delivery', 'delivered', {}],
  ])('%s does not', async (_name, event, fields) => {
    const person = await asked()

    await sendgrid.post(sendgrid.event(person.mailId, event, fields))

    expect(await flagOf(person)).toBeNull()
  })

  test('keeps the first reason', async () => {
    const person = await asked()

    await sendgrid.post(sendgrid.event(person.mailId, 'bounce', { reason: '550 first' }))
    await sendgrid.post(sendgrid.event(person.mailId, 'dropped', { reason: 'Bounced Address' }))

    expect(await flagOf(person)).toMatchObject({ reason: 'bounced', providerReason: '550 first' })
  })

  test('still gets its mail, because its holder must learn of a changed password', async () => {
    const person = await asked()
    await sendgrid.post(sendgrid.event(person.mailId, 'bounce'))

    await api.post('/v1/password/forgot', { email: person.email })

    expect(await sendgrid.mailTo(person.email)).not.toBe(person.mailId)
  })

  test('is forgotten when its holder is erased', async () => {
    const person = await asked()
    await sendgrid.post(sendgrid.event(person.mailId, 'bounce'))
    const address = person.email

    await desk.delete(`/users/${await desk.idOf(person.email)}`)

    expect(await service.deps.db.suppressedAddress.count({ where: { address } })).toBe(0)
    expect(await service.deps.db.mailEvent.count({ where: { mailId: person.mailId } })).toBe(0)
  })
})
