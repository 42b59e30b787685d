import { describe, expect, test } from '@jest/globals'
import type { Answer } from '../../support/api.ts'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import { claimsOf } from '../../support/jwks.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, deps, mailbox, people, logIn } = await startTestApp()

const PASSWORD = 'Correct-Horse-7'

/** A refusal without the request id. */
const looks = ({ status, body, headers }: Answer) => {
  const { 'x-request-id': _id, date: _date, ...others } = headers
  return { status, body: { ...body, instance: null }, headers: others }
}

test('a sign-in with the correct password opens a session and returns its tokens', async () => {
  const ada = await people.verified()

  const answer = await logIn(ada.email)

  expect(answer).toHaveStatus(200)
  expect(answer.body).toEqual({
    accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    tokenType: 'Bearer',
    expiresIn: 300,
    refreshToken: expect.any(String),
    refreshExpiresIn: 2_592_000,
    sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  })
  expect(answer.body.sessionId).not.toBe(ada.tokens.sessionId)
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(await api.get('/v1/me', { token: answer.body.accessToken })).toHaveStatus(200)
})

test('the access token names the account, the session and the time of the sign-in', async () => {
  const ada = await people.verified()
  const { id } = (await ada.get('/v1/me')).body

  const { accessToken, sessionId } = (await logIn(ada.email)).body

  const claims = claimsOf(accessToken)
  const issuer = 'https://accounts.acme.example'
  expect(claims).toMatchObject({ iss: issuer, aud: issuer, sub: id, sid: sessionId, amr: ['pwd'] })
  expect(claims).toMatchObject({ jti: expect.any(String), client_id: expect.any(String), scope: expect.any(String) })
  expect(claims.exp - claims.iat).toBe(300)
  expect(claims.auth_time).toBe(claims.iat)
})

test('a sign-in accepts the address in any case and with white space around it', async () => {
  const ada = await people.verified({ email: people.newEmail('Ada.Lovelace') })

  expect(await logIn(` ${ada.email.toUpperCase()}\n`)).toHaveStatus(200)
})

test('an unknown address and a wrong password get the same answer', async () => {
  const ada = await people.verified()

  const [unknown, wrong] = [await logIn(people.newEmail()), await logIn(ada.email, 'Not-My-Password-1')]

  expect(unknown).toRefuse('invalid_credentials')
  expect(looks(wrong)).toEqual(looks(unknown))
})

test.each(['', 'ada', 'ada@', 'a'.repeat(3000)])(
  'text that is not an address is answered like an unknown address (%#)',
  async (email) => {
    expect(await logIn(email)).toRefuse('invalid_credentials')
  },
)

test('a password that is too long gets 422, with and without an account', async () => {
  const ada = await people.verified()

  for (const email of [ada.email, people.newEmail()]) {
    const answer = await logIn(email, 'x'.repeat(129))

    expect(answer).toRefuse('password_policy')
    expect(answer.body.violations).toMatchObject([{ field: 'password', rule: 'max_length' }])
  }
})

test('a password is compared exactly, including case and spaces', async () => {
  const ada = await people.verified()

  for (const almost of [PASSWORD.toLowerCase(), ` ${PASSWORD}`, `${PASSWORD} `, PASSWORD.slice(0, -1)]) {
    expect(await logIn(ada.email, almost)).toRefuse('invalid_credentials')
  }
})

describe('only the right password learns', () => {
  test('only the correct password learns that the address is not verified', async () => {
    const email = people.newEmail()
    await api.post('/v1/register', { email, password: PASSWORD })

    expect(await logIn(email, 'Not-My-Password-1')).toRefuse('invalid_credentials')
    expect(await logIn(email)).toRefuse('email_not_verified')
  })

  test('only the correct password learns that the account is disabled', async () => {
    const { email } = await people.verified()
    await deps.db.account.updateMany({ where: { email }, data: { disabledAt: clock.now() } })

    expect(await logIn(email, 'Not-My-Password-1')).toRefuse('invalid_credentials')
    expect(await logIn(email)).toRefuse('account_disabled')
  })
})

test('after an email change the new address signs in and the old one does not', async () => {
  const ada = await people.verified()
  const former = ada.email
  await people.move(ada, people.newEmail())

  expect(await logIn(former)).toRefuse('invalid_credentials')
  expect(await logIn(ada.email)).toHaveStatus(200)
})

describe('guessing', () => {
  test('the sixth wrong password has to wait, at a known and at an unknown address, and the answer says for how long', async () => {
    const ada = await people.verified()

    for (const email of [ada.email, people.newEmail()]) {
      for (let guess = 1; guess <= 5; guess += 1) {
        expect(await logIn(email, `Guess-No-${guess}`)).toRefuse('invalid_credentials')
      }
      const heldUp = await logIn(email, 'Guess-No-6')
      expect(heldUp).toRefuse('too_many_attempts')
      expect(heldUp.body.retryAfter).toBe(5)
    }
  })

  test('during the wait the correct password is refused too, and it works afterwards', async () => {
    const { email } = await people.verified()
    for (let guess = 1; guess <= 5; guess += 1) await logIn(email, `Guess-No-${guess}`)

    const heldUp = await logIn(email)

    expect(heldUp).toRefuse('too_many_attempts')
    clock.advance(heldUp.body.retryAfter)
    expect(await logIn(email)).toHaveStatus(200)
  })

  test('wrong passwords from one network do not slow down the owner on another network', async () => {
    const { email } = await people.verified()
    for (let guess = 1; guess <= 6; guess += 1) await logIn(email, `Guess-No-${guess}`, '203.0.113.66')

    expect(await logIn(email)).toHaveStatus(200)
  })

  test('the correct password clears the failures of its network', async () => {
    const { email } = await people.verified()
    for (let round = 1; round <= 3; round += 1) {
      for (let guess = 1; guess <= 4; guess += 1)
        expect(await logIn(email, 'Guess-1-no')).toRefuse('invalid_credentials')
      expect(await logIn(email)).toHaveStatus(200)
    }
  })

  test('guesses at the same moment are counted one by one', async () => {
    const { email } = await people.verified()

    const answers = await Promise.all(Array.from({ length: 12 }, (_, guess) => logIn(email, `Guess-No-${guess}`)))

    expect(answers.filter((answer) => answer.status === 401).length).toBe(5)
    expect(answers.filter((answer) => answer.status === 429).length).toBe(7)
  })
})

test('a password that is too long is refused before it is compared', async () => {
  const answer = await logIn(people.newEmail(), `Aa1-${'b'.repeat(125)}`)

  expect(answer).toRefuse('password_policy')
  expect(answer.body.violations).toMatchObject([{ field: 'password', rule: 'max_length' }])
})

test('two sign-ins at the same moment are two sessions', async () => {
  const ada = await people.verified()

  const [first, second] = await Promise.all([logIn(ada.email), logIn(ada.email)])

  expect(first.body.sessionId).not.toBe(second.body.sessionId)
  for (const { body } of [first, second]) expect(await api.get('/v1/me', { token: body.accessToken })).toHaveStatus(200)
})

test('the sign-in of the twenty-first device signs the oldest one out', async () => {
  const ada = await people.verified()
  for (let device = 2; device <= 20; device += 1) await logIn(ada.email)
  expect(await ada.get('/v1/me')).toHaveStatus(200)

  await logIn(ada.email)

  expect(await ada.get('/v1/me')).toRefuse('unauthenticated')
})

test('a sign-in sends no mail', async () => {
  const { email } = await people.verified()

  const mails = await mailbox.during(() => Promise.all([logIn(email), logIn(email, 'Not-My-Password-1')]))

  expect(mails).toEqual([])
})

test('the audit trail has every sign-in and every failure, with its reason and its origin', async () => {
  const ada = await people.verified()
  const { id: accountId } = (await ada.get('/v1/me')).body

  const failed = await logIn(ada.email, 'Not-My-Password-1', '203.0.113.9')
  const succeeded = await logIn(ada.email, PASSWORD, '203.0.113.10')

  const [success, failure] = await eventsOf(deps, 'login', accountId)
  expect(failure).toMatchObject({ outcome: 'failure', actorType: 'anonymous', ip: '203.0.113.9' })
  expect(failure).toMatchObject({
    details: { reason: 'wrong_password' },
    requestId: failed.headers['x-request-id'],
  })
  expect(success).toMatchObject({ outcome: 'success', actorId: accountId, ip: '203.0.113.10' })
  expect(success).toMatchObject({ sessionId: succeeded.body.sessionId, requestId: succeeded.headers['x-request-id'] })
})

test('the audit trail says if the account has no password, as after a revert', async () => {
  const ada = await people.verified()
  const { id: accountId } = (await ada.get('/v1/me')).body
  await deps.db.account.update({ where: { id: accountId }, data: { passwordHash: null } })

  expect(await logIn(ada.email)).toRefuse('invalid_credentials')

  const [failure] = await eventsOf(deps, 'login', accountId)
  expect(failure).toMatchObject({ outcome: 'failure', details: { reason: 'no_password' } })
})

test('the audit trail has failures at unknown addresses, without the address', async () => {
  await logIn('a-secret-typed-into-the-wrong-field@example.com')

  const [failure] = await eventsOf(deps, 'login')
  expect(failure).toMatchObject({ outcome: 'failure', accountId: null, details: { reason: 'unknown_address' } })
  expect(JSON.stringify(failure)).not.toContain('a-secret')
})

async function failuresCounted(): Promise<number> {
  const { _sum } = await deps.db.throttle.aggregate({ _sum: { failures: true } })
  return _sum.failures ?? 0
}

test('a sign-in that the database fails after the correct password does not count as a wrong guess', async () => {
  const ada = await people.verified()
  const before = await failuresCounted()
  const holder = await deps.pool.connect()
  await holder.query('BEGIN')
  await holder.query('SELECT FROM accounts WHERE email = $1 FOR UPDATE', [ada.email])

  const answer = await api.post('/v1/login', { email: ada.email, password: PASSWORD }, { ip: '203.0.113.9' })
  await holder.query('ROLLBACK')
  holder.release()

  expect(answer).toRefuse('service_unavailable') // the lock time-out of the service has passed
  expect(await failuresCounted()).toBe(before)
})
