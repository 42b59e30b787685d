import { describe, expect, test } from '@jest/globals'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import type { Person } from '../../support/people.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, deps, mailbox, people } = await startTestApp()

async function proven(person: Person): Promise<string> {
  return (await person.post('/v1/reauthenticate', { currentPassword: person.password })).body.reauthToken
}

test('the old address stays in force until the change is confirmed', async () => {
  const ada = await people.verified()
  const newEmail = people.newEmail()

  const answer = await ada.changeEmail(newEmail)

  expect(answer).toHaveStatus(202)
  expect(answer.body).toEqual({ pendingEmail: newEmail, expiresAt: expect.stringMatching(/Z$/) })
  expect(answer.headers['cache-control']).toBe('no-store')
  expect((await ada.get('/v1/me')).body).toMatchObject({ email: ada.email, pendingEmail: newEmail })
  expect(await ada.logIn()).toBeDefined()
  expect(await api.post('/v1/login', { email: newEmail, password: ada.password })).toRefuse('invalid_credentials')
})

test('a reauthentication token takes the place of the password', async () => {
  const ada = await people.verified()

  const answer = await ada.post('/v1/email/change', { newEmail: people.newEmail(), reauthToken: await proven(ada) })

  expect(answer).toHaveStatus(202)
})

test('a request mails a confirm link to the new address and a notice with a revert link to the old one', async () => {
  const ada = await people.verified()
  const newEmail = people.newEmail('secret-new-home')

  const mails = await mailbox.during(() => ada.changeEmail(newEmail))

  expect(mails).toEqual([`confirm_email to ${newEmail}`, `email_change_requested to ${ada.email}`].sort())
  const notice = (await mailbox.to(ada.email)).at(-1)
  expect(notice?.text).toContain('/revert-email#token=')
  expect(notice?.text).not.toContain(newEmail)
  expect((await mailbox.to(newEmail)).at(-1)?.text).not.toContain(ada.email)
})

test('the new address is stored as it was typed, trimmed and with its domain in ASCII', async () => {
  const ada = await people.verified()

  const answer = await ada.changeEmail(' Ada.Lovelace+new@BÜCHER.example ')

  expect(answer.body.pendingEmail).toBe('Ada.Lovelace+new@xn--bcher-kva.example')
})

test('a second request replaces the first', async () => {
  const ada = await people.verified()
  const [first, second] = [people.newEmail(), people.newEmail()]
  await ada.changeEmail(first)
  const token = await mailbox.token(first, 'confirm_email')

  await ada.changeEmail(second)

  expect((await ada.get('/v1/email/change')).body.pendingEmail).toBe(second)
  expect(await api.post('/v1/email/change/confirm', { token })).toRefuse('link_expired')
})

test('of two concurrent requests, one is pending', async () => {
  const ada = await people.verified()
  const [first, second] = [people.newEmail(), people.newEmail()]

  const answers = await Promise.all([ada.changeEmail(first), ada.changeEmail(second)])

  expect(answers.map((answer) => answer.status)).toEqual([202, 202])
  const { pendingEmail } = (await ada.get('/v1/email/change')).body
  const replaced = pendingEmail === first ? second : first
  await mailbox.drain()
  expect(await mailbox.kinds(pendingEmail)).toEqual(['confirm_email'])
  expect(await mailbox.kinds(replaced)).toEqual([]) // replaced before the worker came to it
})

describe('an address that cannot be used', () => {
  test('is refused with the same answer whether it is in use or locked, and the answer has the contact of Support', async () => {
    const ada = await people.verified()
    const used = (await people.verified()).email
    const locked = await people.lockedEmail()

    const mails = await mailbox.during(async () => {
      const [inUse, formerly] = [await ada.changeEmail(used), await ada.changeEmail(locked)]

      expect(inUse).toRefuse('email_unavailable')
      expect(inUse.body.support).toBe('help@acme.example')
      expect({ ...formerly.body, instance: null }).toEqual({ ...inUse.body, instance: null })
      expect(Object.keys(formerly.headers).sort()).toEqual(Object.keys(inUse.headers).sort())
    })

    expect(mails).toEqual([])
    expect((await ada.get('/v1/me')).body.pendingEmail).toBeNull()
  })

  test('is in the audit trail for each refused request, by a keyed hash of the address', async () => {
    const ada = await people.verified()
    const used = (await people.verified()).email
    const { id: accountId } = (await ada.get('/v1/me')).body

    await ada.changeEmail(used)

    const [event, ...others] = await eventsOf(deps, 'email_change.refused', accountId)
    expect(others).toEqual([])
    expect(event).toMatchObject({
      outcome: 'failure',
      sessionId: ada.tokens.sessionId,
      details: { reason: 'email_unavailable', addressHash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    })
    expect(JSON.stringify(event)).not.toContain(used)
  })

  test('is recognised in upper case', async () => {
    const ada = await people.verified()
    const used = (await people.verified({ email: people.newEmail('Grace.Hopper') })).email

    expect(await ada.changeEmail(used.toUpperCase())).toRefuse('email_unavailable')
  })

  test('can be asked about twenty times an hour', async () => {
    const ada = await people.verified()
    const used = (await people.verified()).email
    for (let tries = 1; tries <= 20; tries += 1) expect(await ada.changeEmail(used)).toRefuse('email_unavailable')

    const heldUp = await ada.changeEmail(used)

    expect(heldUp).toRefuse('too_many_attempts')
    expect(heldUp.body.retryAfter).toBeGreaterThan(3500)
    clock.advance(heldUp.body.retryAfter)
    await ada.refresh()
    expect(await ada.changeEmail(people.newEmail())).toHaveStatus(202)
  })
})

test('an account can take back its own former address, and nobody else can', async () => {
  const ada = await people.verified()
  const eve = await people.verified()
  const former = ada.email
  await people.move(ada, people.newEmail())

  expect(await eve.changeEmail(former)).toRefuse('email_unavailable')
  await people.move(ada, former)

  expect((await ada.get('/v1/me')).body).toMatchObject({ email: former, emailVerified: true })
  expect(await ada.logIn()).toBeDefined()
})

test('an address that is only registered can be requested, and the first link that is opened decides who gets it', async () => {
  const ada = await people.verified()
  const email = people.newEmail()
  await api.post('/v1/register', { email, password: 'Correct-Horse-7' })

  expect(await ada.changeEmail(email)).toHaveStatus(202)
})

test('a request for the current address is refused, in any case', async () => {
  const ada = await people.verified()

  expect(await ada.changeEmail(ada.email)).toRefuse('email_unchanged')
  expect(await ada.changeEmail(ada.email.toUpperCase())).toRefuse('email_unchanged')
})

test('an invalid address is refused, and the answer names the field', async () => {
  const ada = await people.verified()

  const answer = await ada.changeEmail('ada@')

  expect(answer).toRefuse('invalid_email')
  expect(answer.body.violations).toMatchObject([{ field: 'newEmail', rule: 'email' }])
})

describe('without the password', () => {
  test('an access token alone cannot request a change', async () => {
    const ada = await people.verified()
    const newEmail = people.newEmail()

    const mails = await mailbox.during(async () => {
      expect(await ada.post('/v1/email/change', { newEmail })).toRefuse('reauthentication_required')
      for (const reauthToken of ['', 'garbage', 'A'.repeat(43), ada.token, ada.tokens.refreshToken]) {
        expect(await ada.post('/v1/email/change', { newEmail, reauthToken })).toRefuse('reauthentication_required')
      }
    })

    expect(mails).toEqual([])
  })

  test('a wrong password is refused, and guessing is throttled', async () => {
    const ada = await people.verified()
    const guess = (currentPassword: string) =>
      ada.post('/v1/email/change', { newEmail: people.newEmail(), currentPassword })
    for (let tries = 1; tries <= 5; tries += 1) expect(await guess(`Guess-No-${tries}`)).toRefuse('wrong_password')

    const heldUp = await guess(ada.password)

    expect(heldUp).toRefuse('too_many_attempts')
    clock.advance(heldUp.body.retryAfter)
    expect(await guess(ada.password)).toHaveStatus(202)
  })

  test('a request without an access token is refused', async () => {
    const body = { newEmail: people.newEmail(), currentPassword: 'Correct-Horse-7' }

    expect(await api.post('/v1/email/change', body)).toRefuse('unauthenticated')
    expect(await api.post('/v1/email/change', body, { token: 'garbage' })).toRefuse('unauthenticated')
  })
})

test('a refused request does not consume the reauthentication token', async () => {
  const ada = await people.verified()
  const reauthToken = await proven(ada)
  const change = (newEmail: string) => ada.post('/v1/email/change', { newEmail, reauthToken })

  expect(await change('ada@')).toRefuse('invalid_email')
  expect(await change(ada.email)).toRefuse('email_unchanged')
  expect(await change(await people.lockedEmail())).toRefuse('email_unavailable')

  expect(await change(people.newEmail())).toHaveStatus(202)
  expect(await change(people.newEmail())).toRefuse('reauthentication_required')
})

test('the audit trail has the request and where it came from', async () => {
  const ada = await people.verified()
  const { id: accountId } = (await ada.get('/v1/me')).body

  const answer = await ada.changeEmail(people.newEmail())

  expect(await eventsOf(deps, 'email_change.requested', accountId)).toMatchObject([
    {
      outcome: 'success',
      sessionId: ada.tokens.sessionId,
      actorId: accountId,
      ip: '198.51.100.7',
      requestId: answer.headers['x-request-id'],
    },
  ])
})
