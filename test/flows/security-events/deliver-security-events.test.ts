import { afterAll, afterEach, describe, expect, test } from '@jest/globals'
import { openSupportDesk } from '../../support/support-desk.ts'
import { startTestApp } from '../../support/test-app.ts'
import { WebhookReceiver } from '../../support/webhook-receiver.ts'
import '../../support/matchers.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const DAY = 86_400

const siem = new WebhookReceiver(SECRET)
const shop = new WebhookReceiver(SECRET)
const SECURITY_EVENT_URLS = `${await siem.start()},${await shop.start()}`
const shopPort = Number(new URL(shop.url).port)
const service = await startTestApp({ env: { SECURITY_EVENT_URLS, SECURITY_EVENT_SECRET: SECRET } })
const stranger = new WebhookReceiver(`whsec_${Buffer.alloc(32, 8).toString('base64')}`)
const mistaken = await startTestApp({
  env: { SECURITY_EVENT_URLS: await stranger.start(), SECURITY_EVENT_SECRET: SECRET },
})
const { api, people, mailbox, clock, deps } = service

afterEach(async () => {
  siem.recover()
  shop.recover()
  await mailbox.drain()
})

afterAll(async () => {
  await siem.stop()
  await shop.stop()
  await stranger.stop()
})

type Person = Awaited<ReturnType<typeof people.verified>>

async function idOf(person: Person): Promise<string> {
  return (await person.get('/v1/me')).body.id
}

/** The events of an account that a receiver got, in the order in which they arrived. */
function toldOf(accountId: string, receiver = siem) {
  return receiver.events.filter(({ data }) => data['accountId'] === accountId)
}

let number = 0

async function changePassword(person: Person): Promise<void> {
  number += 1
  const newPassword = `Correct-Horse-${100 + number}`
  const answer = await person.post('/v1/password/change', { currentPassword: person.password, newPassword })
  if (answer.status !== 200) throw new Error(answer.text)
  Object.assign(person, { password: newPassword, tokens: answer.body })
}

async function changeEmail(person: Person): Promise<string> {
  const newEmail = people.newEmail('moved')
  await person.changeEmail(newEmail)
  const token = await mailbox.token(newEmail, 'confirm_email')
  expect(await api.post('/v1/email/change/confirm', { token })).toHaveStatus(200)
  return newEmail
}

async function reuseRefreshToken(person: Person): Promise<void> {
  const { refreshToken } = person.tokens
  await person.refresh()
  await person.refresh()
  expect(await api.post('/v1/token/refresh', { refreshToken })).toRefuse('refresh_token_reused')
}

describe('a security event', () => {
  test('reports a password change with the account, the time and the session, and nothing else', async () => {
    const ada = await people.verified()
    const accountId = await idOf(ada)
    await changePassword(ada)

    await mailbox.drain()

    const [told] = toldOf(accountId)
    const recorded = await deps.db.event.findFirstOrThrow({ where: { accountId, type: 'password.changed' } })
    expect(told).toEqual({
      id: recorded.id,
      type: 'password.changed',
      timestamp: recorded.at.toISOString(),
      data: { accountId, sessionId: ada.tokens.sessionId, actorType: 'account' },
    })
  })

  test('is sent once to every URL for each change of password or address, and for a reused refresh token', async () => {
    const ada = await people.verified()
    const accountId = await idOf(ada)
    await changePassword(ada)
    await changeEmail(ada)
    await api.post('/v1/email/change/revert', { token: await mailbox.token(ada.email, 'email_changed') })
    const token = await mailbox.token(ada.email, 'reset_after_revert')
    await api.post('/v1/password/reset', { token, newPassword: 'Another-Horse-8' })
    ada.password = 'Another-Horse-8'
    await reuseRefreshToken(await ada.logIn())

    await mailbox.drain()

    const types = [
      'password.changed',
      'email_change.confirmed',
      'email_change.reverted',
      'password.reset',
      'session.refresh_token_reused',
    ]
    expect(toldOf(accountId, siem).map(({ type }) => type)).toEqual(types)
    expect(toldOf(accountId, shop).map(({ type }) => type)).toEqual(types)
  })

  test('reports that Support disabled, enabled or erased an account, with the service as the actor', async () => {
    const ada = await people.verified()
    const accountId = await idOf(ada)
    const desk = await openSupportDesk(service)
    await desk.patch(`/users/${accountId}`, { disabled: true })
    await desk.patch(`/users/${accountId}`, { disabled: false })
    await desk.delete(`/users/${accountId}`)

    await mailbox.drain()

    const types = ['account.disabled', 'account.enabled', 'account.erased']
    expect(toldOf(accountId).map(({ type }) => type)).toEqual(types)
    expect(toldOf(accountId)[0]?.data).toEqual({ accountId, sessionId: null, actorType: 'service_client' })
  })

  test('contains no address, no network and no secret', async () => {
    const ada = await people.verified()
    const newEmail = await changeEmail(ada)
    await mailbox.drain()

    const sent = siem.bodies.join('\n')

    for (const secret of [ada.email, newEmail, ada.password, '198.51.100.7', ada.tokens.refreshToken]) {
      expect(sent).not.toContain(secret)
    }
  })

  test('is not sent for a refused change, a sign-in or a sign-out', async () => {
    const ada = await people.verified()
    const accountId = await idOf(ada)
    await ada.post('/v1/password/change', { currentPassword: 'wrong', newPassword: 'Another-Horse-8' })
    await ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: 'weak' })
    await ada.changeEmail((await people.verified()).email)
    await ada.refresh()
    await api.post('/v1/logout', { refreshToken: ada.tokens.refreshToken })

    await mailbox.drain()

    expect(toldOf(accountId)).toEqual([])
  })

  test('has a signature that a receiver with another secret rejects', async () => {
    const bob = await mistaken.people.verified()
    await bob.post('/v1/password/change', { currentPassword: bob.password, newPassword: 'Another-Horse-8' })

    await mistaken.mailbox.drain()

    expect(stranger.bodies).toHaveLength(1)
    expect(stranger.events).toEqual([])
  })
})

describe('a receiver that is unavailable', () => {
  test('gets every event once it is back, each once and in order for each account', async () => {
    const accounts = [await people.verified(), await people.verified()]
    const ids = await Promise.all(accounts.map(idOf))
    await shop.stop()
    for (let round = 0; round < 3; round += 1) {
      for (const person of accounts) await changePassword(person)
      await mailbox.drain()
    }
    for (const person of accounts) await reuseRefreshToken(person)
    await mailbox.drain()
    const whileAway = ids.map((id) => toldOf(id, shop).length)

    await shop.start(shopPort)
    await mailbox.drain()
    await mailbox.drain()

    expect(whileAway).toEqual([0, 0])
    for (const id of ids) {
      const told = toldOf(id, shop)
      expect(told.map(({ type }) => type)).toEqual([
        ...Array(3).fill('password.changed'),
        'session.refresh_token_reused',
      ])
      expect(told.map((event) => event.id)).toEqual(toldOf(id, siem).map((event) => event.id))
    }
  })

  test('does not delay other receivers', async () => {
    const ada = await people.verified()
    const accountId = await idOf(ada)
    shop.failWith(503)
    await changePassword(ada)
    await changePassword(ada)

    await mailbox.drain()

    expect(toldOf(accountId, siem)).toHaveLength(2)
    expect(toldOf(accountId, shop)).toHaveLength(0)
  })

  test('gets the first of an account’s events again, and no later one before it', async () => {
    const ada = await people.verified()
    await mailbox.drain()
    shop.failWith(400)
    const before = shop.bodies.length
    await changePassword(ada)
    await changePassword(ada)

    await mailbox.drain()
    await mailbox.drain()

    const tried = new Set(shop.bodies.slice(before))
    expect(tried.size).toBe(1)
  })

  test('is not asked earlier because of a new event', async () => {
    const ada = await people.verified()
    const accountId = await idOf(ada)
    shop.failWith(503)
    await changePassword(ada)
    await mailbox.drain()
    const nextTry = () =>
      deps.pool.query(
        `SELECT run_at FROM graphile_worker._private_jobs
         WHERE payload ->> 'accountId' = $1 AND payload ->> 'url' = $2 AND run_at > now()`,
        [accountId, shop.url],
      )
    const { rows: before } = await nextTry()

    await changePassword(ada)
    await mailbox.work()

    expect(before).toHaveLength(1)
    expect((await nextTry()).rows).toEqual(before)
  })

  test('misses an event after three days, which Support can see, and gets the next one', async () => {
    const ada = await people.verified()
    const accountId = await idOf(ada)
    shop.failWith(400)
    await changePassword(ada)
    await mailbox.drain()
    clock.advance(3 * DAY + 1)
    await mailbox.drain()
    shop.failWith(204) // without a look at the time, which is three days ahead of the receiver's
    const before = shop.bodies.length
    await changePassword(await ada.logIn())
    await mailbox.drain()

    const token = await service.serviceToken('events:read')
    const { body } = await api.get(`/v1/admin/security-events?accountId=${accountId}&state=failed`, { token })

    expect(body.events).toHaveLength(1)
    const deliveryTo = (url: string) =>
      body.events[0].deliveries.find((delivery: { url: string }) => delivery.url === url)
    expect(deliveryTo(siem.url)).toMatchObject({ state: 'delivered', attempts: 1, reason: null })
    expect(deliveryTo(shop.url)).toMatchObject({ state: 'failed', attempts: 2, reason: 'The receiver answered 400' })
    expect(shop.bodies.slice(before)).toHaveLength(1)
  })
})
