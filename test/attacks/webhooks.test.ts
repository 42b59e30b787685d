import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { SENDGRID_PUBLIC_KEY, SendgridEvents } from '../support/sendgrid-events.ts'
import { startTestApp } from '../support/test-app.ts'
import '../support/matchers.ts'

const PATH = '/v1/webhooks/sendgrid'
const SIGNATURE = 'x-twilio-email-event-webhook-signature'
const TIMESTAMP = 'x-twilio-email-event-webhook-timestamp'
const HOUR = 3600

const service = await startTestApp({ env: { SENDGRID_WEBHOOK_PUBLIC_KEY: SENDGRID_PUBLIC_KEY } })
const keyless = await startTestApp()
const sendgrid = new SendgridEvents(service)

async function sentMail(): Promise<string> {
  const email = service.people.newEmail('m8')
  await service.api.post('/v1/register', { email, password: 'Correct-Horse-7' })
  return sendgrid.mailTo(email)
}

function mail(id: string) {
  return service.deps.db.mail.findUniqueOrThrow({ where: { id }, include: { providerEvents: true } })
}

type Forgery = { body?: string; headers: Record<string, string> }

const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

/** The genuine headers of a body, with one of them replaced or removed. */
function headersBut(body: string, name: string, value?: (genuine: string) => string): Record<string, string> {
  const { [name]: genuine = '', ...rest } = sendgrid.headersFor(body)
  return value ? { ...rest, [name]: value(genuine) } : rest
}

describe('M8: a forged SendGrid webhook changes nothing', () => {
  test.each<[string, (body: string) => Forgery]>([
    ['no signature at all', () => ({ headers: {} })],
    ['a timestamp and no signature', (body) => ({ headers: headersBut(body, SIGNATURE) })],
    ['a signature and no timestamp', (body) => ({ headers: headersBut(body, TIMESTAMP) })],
    ['another key', (body) => ({ headers: sendgrid.headersFor(body, 0, otherKey) })],
    ['one byte altered', (body) => ({ body: body.replace('bounce', 'bouncE'), headers: sendgrid.headersFor(body) })],
    ['one space added', (body) => ({ body: `${body} `, headers: sendgrid.headersFor(body) })],
    ['the signature of another body', (body) => ({ headers: sendgrid.headersFor(`[]${body}`) })],
    ['another time than was signed', (body) => ({ headers: headersBut(body, TIMESTAMP, (at) => `${Number(at) - 1}`) })],
    [
      'a digit moved from the body to the time',
      (body) => ({ headers: headersBut(`1${body}`, TIMESTAMP, (at) => `${at}1`) }),
    ],
    ['a time that is no number', (body) => ({ headers: headersBut(body, TIMESTAMP, () => 'now') })],
    ['a signature that is no DER', (body) => ({ headers: headersBut(body, SIGNATURE, () => 'AAAA') })],
    ['an empty signature', (body) => ({ headers: headersBut(body, SIGNATURE, () => '') })],
    ['a signature that is no base64', (body) => ({ headers: headersBut(body, SIGNATURE, () => '<script>') })],
  ])('%s', async (_name, forge) => {
    const mailId = await sentMail()
    const genuine = JSON.stringify([sendgrid.event(mailId, 'bounce', { reason: '550 no such user' })])
    const { body = genuine, headers } = forge(genuine)

    const answer = await service.api.post(PATH, body, { headers })

    expect(answer).toRefuse('signature_invalid')
    expect(await mail(mailId)).toMatchObject({ state: 'sent', providerEvents: [] })
    expect(await service.deps.db.suppressedAddress.count()).toBe(0)
  })

  test('where no key is configured, nobody is believed', async () => {
    const webhook = new SendgridEvents(keyless)
    const body = JSON.stringify([webhook.event('0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c55', 'bounce')])

    const signed = await webhook.postRaw(body)
    const unsigned = await keyless.api.post(PATH, body)

    expect(signed).toRefuse('signature_invalid')
    expect(unsigned).toRefuse('signature_invalid')
  })
})

describe('M8: the age of a signature', () => {
  test.each([
    ['24 hours old, at SendGrid’s last try, is taken', 24 * HOUR, 204],
    ['nine minutes ahead, by a clock that is wrong, is taken', -9 * 60, 204],
    ['25 hours old is refused', 25 * HOUR, 401],
    ['eleven minutes ahead is refused', -11 * 60, 401],
  ])('%s', async (_name, ageSeconds, status) => {
    const body = JSON.stringify([sendgrid.event(await sentMail(), 'delivered')])

    expect(await sendgrid.postRaw(body, ageSeconds)).toHaveStatus(status)
  })
})

describe('M8: a replayed webhook counts once', () => {
  test('byte for byte, ten times, one after the other and at once', async () => {
    const mailId = await sentMail()
    const body = JSON.stringify([sendgrid.event(mailId, 'deferred', { response: '451 later' })])
    const headers = sendgrid.headersFor(body)
    const replay = () => service.api.post(PATH, body, { headers })

    const answers = [await replay(), await replay(), ...(await Promise.all(Array.from({ length: 8 }, replay)))]

    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(204))
    expect((await mail(mailId)).providerEvents).toHaveLength(1)
  })

  test('an event that comes again in another batch, or twice in one, counts once', async () => {
    const mailId = await sentMail()
    const delivered = sendgrid.event(mailId, 'delivered')

    await sendgrid.post(delivered, delivered)
    await sendgrid.post(delivered, sendgrid.event(mailId, 'processed'))

    const { providerEvents } = await mail(mailId)
    expect(providerEvents.map(({ type }) => type).sort()).toEqual(['delivered', 'processed'])
  })

  test('a bounce that is replayed after the address was cleared does not bring the flag back', async () => {
    const mailId = await sentMail()
    const body = JSON.stringify([sendgrid.event(mailId, 'bounce', { reason: '550 no such user' })])
    await sendgrid.postRaw(body)
    const { address } = await mail(mailId)
    await service.deps.db.suppressedAddress.delete({ where: { address } })

    await sendgrid.postRaw(body)

    expect(await service.deps.db.suppressedAddress.count({ where: { address } })).toBe(0)
  })
})

describe('M8: reordered webhooks end in the same state, and it never goes back', () => {
  const told = ['processed', 'deferred', 'delivered', 'open']
  const eventsOf = (mailId: string) =>
    told.map((name, index) => sendgrid.event(mailId, name, { timestamp: 1_795_000_000 + index }))

  test.each([[[0, 1, 2, 3]], [[3, 2, 1, 0]], [[2, 0, 3, 1]]])('one by one in the order %j', async (order) => {
    const mailId = await sentMail()
    const events = eventsOf(mailId)
    const places: number[] = []

    for (const index of order) {
      await sendgrid.post(events[index])
      places.push(['sent', 'deferred', 'delivered', 'opened'].indexOf((await mail(mailId)).state))
    }

    expect(places.at(-1)).toBe(3)
    expect(places).toEqual(places.toSorted((one, other) => one - other))
    expect((await mail(mailId)).providerEvents).toHaveLength(4)
  })

  test('all in one batch, the last first', async () => {
    const mailId = await sentMail()

    await sendgrid.post(...eventsOf(mailId).reverse())

    expect(await mail(mailId)).toMatchObject({ state: 'opened' })
  })

  test('all at once from several of SendGrid’s machines', async () => {
    const mails = [await sentMail(), await sentMail(), await sentMail()]
    const batches = told.map((name) => mails.map((mailId) => sendgrid.event(mailId, name)))
    const backwards = batches.map((batch) => batch.toReversed())

    const answers = await Promise.all([...batches, ...backwards].map((batch) => sendgrid.post(...batch)))

    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(204))
    for (const mailId of mails) {
      expect(await mail(mailId)).toMatchObject({ state: 'opened', providerEvents: { length: 4 } })
    }
  })

  test.each([
    ['bounce', 'bounced'],
    ['dropped', 'dropped'],
  ])('after a %s, a late delivered or deferred adds to the history only', async (name, state) => {
    const mailId = await sentMail()

    await sendgrid.post(sendgrid.event(mailId, name, { reason: '550 no such user' }))
    await sendgrid.post(sendgrid.event(mailId, 'delivered'), sendgrid.event(mailId, 'deferred'))

    expect(await mail(mailId)).toMatchObject({ state, reason: '550 no such user', providerEvents: { length: 3 } })
  })

  test('the provider’s word outlives a sending of ours that seemed to fail', async () => {
    const email = service.people.newEmail('lost-answer')
    await service.api.post('/v1/register', { email, password: 'Correct-Horse-7' })
    const { id } = await service.deps.db.mail.findFirstOrThrow({ where: { email } })
    service.sendgrid.failWith({ status: 503 }, 1) // as far as we know
    await service.mailbox.drain()

    await sendgrid.post(sendgrid.event(id, 'delivered'))
    await service.mailbox.drain()

    expect(await mail(id)).toMatchObject({ state: 'delivered' })
    expect(service.sendgrid.mails.filter(({ to }) => to === email)).toEqual([])
  })
})

describe('a signed body that is not what it might be', () => {
  test.each(['null', '{}', '"[]"', '[', '[{]', '{"event":"bounce"}'])('%j is refused', async (body) => {
    expect(await sendgrid.postRaw(body)).toRefuse('invalid_request')
  })

  test.each<[string, Record<string, unknown>]>([
    ['a mail of another service', { latchkeyMailId: '0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c55' }],
    ['no mail', { latchkeyMailId: undefined }],
    ['a mail id that is none', { latchkeyMailId: "'; DROP TABLE mails; --" }],
    ['no event id', { sg_event_id: undefined }],
    ['an event id with a NUL', { sg_event_id: 'a\0b' }],
    ['an event id without end', { sg_event_id: 'a'.repeat(10_000) }],
    ['a time that is text', { timestamp: 'yesterday' }],
    ['a time beyond all times', { timestamp: 1e300 }],
    ['an event nobody knows', { event: 'teleported' }],
    ['an event called constructor', { event: 'constructor' }],
    ['an event that is an object', { event: { toString: 'bounce' } }],
  ])('%s is passed over, and the rest of its batch counts', async (_name, strange) => {
    const mailId = await sentMail()
    const bounce = sendgrid.event(mailId, 'bounce', strange)

    const answer = await sendgrid.post(bounce, null, [], 7, sendgrid.event(mailId, 'delivered'))

    expect(answer).toHaveStatus(204)
    expect(await mail(mailId)).toMatchObject({ state: 'delivered', providerEvents: { length: 1 } })
  })

  test('a reason is kept on one line, short, and without anything that might be a link', async () => {
    const mailId = await sentMail()
    const link = 'https://app.acme.example/reset-password#token=Ew3kYt0m3D0kq0yC8r9Jm1cJ7k8vXo2p5sQd6TzLh4A'

    await sendgrid.post(sendgrid.event(mailId, 'bounce', { reason: `550\0 spam:\r\n ${link} ${'x '.repeat(9000)}` }))

    const { reason } = await mail(mailId)
    expect(reason).toMatch(/^550 spam: \[withheld\] x x/)
    expect(reason?.length).toBeLessThanOrEqual(300)
  })

  test('a batch of 768 kB is taken, one over a mebibyte is not, and no other route takes more than 16 KiB', async () => {
    const mailId = await sentMail()
    const many = Array.from({ length: 768 }, () => sendgrid.event(mailId, 'deferred', { filler: 'x'.repeat(700) }))

    const taken = await sendgrid.post(...many)
    const tooMany = await sendgrid.post(...many, ...many)
    const elsewhere = await service.api.post('/v1/login', { email: 'x'.repeat(20_000), password: 'x' })

    expect(taken).toHaveStatus(204)
    expect((await mail(mailId)).providerEvents).toHaveLength(768)
    expect(tooMany).toRefuse('payload_too_large')
    expect(elsewhere).toRefuse('payload_too_large')
  })

  test('another content type is refused', async () => {
    const headers = { ...sendgrid.headersFor('event=bounce'), 'content-type': 'application/x-www-form-urlencoded' }

    expect(await service.api.post(PATH, 'event=bounce', { headers })).toRefuse('unsupported_media_type')
  })
})
