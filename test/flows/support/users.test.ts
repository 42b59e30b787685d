import { expect, test } from '@jest/globals'
import bcrypt from 'bcrypt'
import '../../support/matchers.ts'
import { openSupportDesk } from '../../support/support-desk.ts'
import { startTestApp } from '../../support/test-app.ts'

const testApp = await startTestApp()
const { api, deps, people, mailbox } = testApp
const desk = await openSupportDesk(testApp)
const NOBODY = '0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c55'

test('an account is found by its address, in every spelling that a mail server treats as the same', async () => {
  const ada = await people.verified()

  const found = await desk.get(`/users?email=${encodeURIComponent(ada.email.toUpperCase())}`)

  expect(found.body).toEqual({
    users: [
      {
        id: expect.any(String),
        email: ada.email,
        emailVerified: true,
        pendingEmail: null,
        hasPassword: true,
        passwordChangedAt: expect.stringMatching(/Z$/),
        disabled: false,
        disabledAt: null,
        activeSessions: 1,
        createdAt: expect.stringMatching(/Z$/),
        addresses: [{ address: ada.email, state: 'in_use', lockedAt: null, reason: null }],
        signIn: { blockedUntil: null, failures: 0 },
        revertLinks: [],
      },
    ],
    nextCursor: null,
  })
  expect((await desk.get(`/users/${found.body.users[0].id}`)).body).toEqual(found.body.users[0])
})

test('a free address finds no account', async () => {
  expect((await desk.get(`/users?email=${people.newEmail()}`)).body).toEqual({ users: [], nextCursor: null })
})

test('an account is found by an address that it has left, even after Support has unlocked the address', async () => {
  const ada = await people.verified()
  const [left, next] = [ada.email, people.newEmail()]
  await ada.changeEmail(next)
  await api.post('/v1/email/change/confirm', { token: await mailbox.token(next, 'confirm_email') })

  const byHaving = await desk.get(`/users?email=${left}`)
  const byHavingHad = await desk.get(`/users?everHeld=${left}`)
  await desk.delete(`/addresses/${left}/lock`)
  const afterUnlocking = await desk.get(`/users?everHeld=${left}`)

  expect(byHaving.body.users).toEqual([])
  expect(byHavingHad.body.users).toMatchObject([{ email: next, addresses: [{ address: next }, { address: left }] }])
  expect(afterUnlocking.body.users).toMatchObject([{ email: next, addresses: [{ address: next }] }])
})

test('an account shows the address that it uses and its locked addresses', async () => {
  const left = await people.lockedEmail()

  const { body } = await desk.get(`/users?everHeld=${left}`)

  expect(body.users).toHaveLength(1)
  expect(body.users[0].addresses).toMatchObject([
    { state: 'in_use', lockedAt: null, reason: null },
    { address: left, state: 'locked', lockedAt: expect.stringMatching(/Z$/), reason: 'email_changed' },
  ])
})

test('an account that left an address twice and the account that has it now are each found once', async () => {
  const ada = await people.verified()
  const contested = ada.email
  for (const email of [people.newEmail(), contested, people.newEmail()]) await people.move(ada, email)
  await desk.delete(`/addresses/${contested}/lock`)
  const bob = await people.verified({ email: contested })

  const { body } = await desk.get(`/users?everHeld=${contested}`)

  expect(body.users.map(({ email }: { email: string }) => email).sort()).toEqual([ada.email, bob.email].sort())
})

test('an erased account is not found by any of its addresses', async () => {
  const { email } = await people.verified()
  await desk.delete(`/users/${await desk.idOf(email)}`)

  expect((await desk.get(`/users?email=${email}`)).body.users).toEqual([])
  expect((await desk.get(`/users?everHeld=${email}`)).body.users).toEqual([])
})

test('a search by prefix lists each account once, in the order of the addresses', async () => {
  const emails = [
    'pre.b@example.com',
    'pre.a@example.com',
    'pre_c@example.com',
    'pre.d@example.com',
    'PRE.E@example.com',
  ]
  for (const email of emails) await desk.post('/users', { email })

  const first = await desk.get('/users?emailPrefix=Pre.&limit=3')
  const second = await desk.get(`/users?emailPrefix=Pre.&limit=3&cursor=${first.body.nextCursor}`)

  const seen = [...first.body.users, ...second.body.users].map(({ email }: { email: string }) => email)
  expect(seen).toEqual(['pre.a@example.com', 'pre.b@example.com', 'pre.d@example.com', 'PRE.E@example.com'])
  expect(second.body.nextCursor).toBeNull()
  expect((await desk.get('/users?emailPrefix=pre.&limit=4')).body).toMatchObject({ nextCursor: null }) // a page that is just full
})

test('the list of all accounts contains each account once, the newest first', async () => {
  for (let more = 0; more < 8; more += 1) await desk.post('/users', { email: people.newEmail() })
  const made = await desk.post('/users', { email: people.newEmail() })
  const ids: string[] = []
  let query = '?limit=4'
  for (let page = 0; page < 50 && query !== ''; page += 1) {
    const { body } = await desk.get(`/users${query}`)
    ids.push(...body.users.map(({ id }: { id: string }) => id))
    query = body.nextCursor === null ? '' : `?limit=4&cursor=${body.nextCursor}`
  }

  expect(ids[0]).toBe(made.body.id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.length).toBe(await deps.db.account.count())
})

const LIST_CURSOR = Buffer.from('a@example.com').toString('base64url')
test.each([
  'limit=0',
  'limit=101',
  'limit=1e9',
  'limit=-1',
  'limit=NaN',
  'limit=',
  'limit=5&limit=6',
  'cursor=x',
  'cursor=%00',
  `cursor=${LIST_CURSOR}`, // of a list by prefix
  'email=a@example.com&emailPrefix=a',
  'emailPrefix=',
  'emailPrefix=%00',
  'emailPrefix=%25%0a',
  'unknown=1',
])('the list refuses ?%s as malformed', async (query) => {
  expect(await desk.get(`/users?${query}`)).toRefuse('invalid_request')
})

test('an emailPrefix of % finds no account, because it is not a pattern', async () => {
  expect((await desk.get('/users?emailPrefix=%25')).body.users).toEqual([])
})

test.each([NOBODY, '1', 'not-an-id', '%00', '0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c5g'])(
  'every route about an account answers not_found for the id %s, which no account has',
  async (id) => {
    expect(await desk.get(`/users/${id}`)).toRefuse('not_found')
    expect(await desk.patch(`/users/${id}`, { disabled: true })).toRefuse('not_found')
    expect(await desk.delete(`/users/${id}`)).toRefuse('not_found')
    expect(await desk.delete(`/users/${id}/sessions`)).toRefuse('not_found')
    expect(await desk.post(`/users/${id}/password-reset`)).toRefuse('not_found')
    expect(await desk.get(`/users/${id}/mail`)).toRefuse('not_found')
    expect(await desk.get(`/users/${id}/events`)).toRefuse('not_found')
  },
)

test('reset instructions give a password and a verified address to an account that Support has created', async () => {
  const email = people.newEmail()

  const made = await desk.post('/users', { email })
  await desk.post(`/users/${made.body.id}/password-reset`)
  const token = await mailbox.token(email, 'reset_password')
  await api.post('/v1/password/reset', { token, newPassword: 'Battery-Staple-8' })

  expect(made).toHaveStatus(201)
  expect(made.headers['location']).toBe(`/v1/admin/users/${made.body.id}`)
  expect(made.body).toMatchObject({ email, emailVerified: false, hasPassword: false, disabled: false })
  expect(await api.post('/v1/login', { email, password: 'Battery-Staple-8' })).toHaveStatus(200)
  expect((await desk.get(`/users/${made.body.id}`)).body).toMatchObject({ emailVerified: true, hasPassword: true })
})

test.each(['2a', '2b', '2y'])(
  'P6: an imported $%s$ hash signs its person in, and is upgraded then',
  async (variant) => {
    const email = people.newEmail()
    const hash = (await bcrypt.hash('Imported-Pass-1', 4)).replace(/^\$2b/, `$${variant}`)

    const made = await desk.post('/users', { email, passwordHash: hash, emailVerified: true })
    const before = await deps.db.account.findUniqueOrThrow({ where: { id: made.body.id } })
    const wrong = await api.post('/v1/login', { email, password: 'Imported-Pass-2' })
    const right = await api.post('/v1/login', { email, password: 'Imported-Pass-1' })
    const after = await deps.db.account.findUniqueOrThrow({ where: { id: made.body.id } })

    expect(before.passwordHash).toMatch(/^sealed\$/)
    expect(before.passwordHash).not.toContain(hash.slice(7))
    expect(wrong).toRefuse('invalid_credentials')
    expect(right).toHaveStatus(200)
    expect(after.passwordHash).toMatch(/^v1\$/)
    expect(await api.post('/v1/login', { email, password: 'Imported-Pass-1' })).toHaveStatus(200)
  },
)

test('an imported password does not work before its address is proven, unless the import says it is', async () => {
  const email = people.newEmail()
  await desk.post('/users', { email, passwordHash: await bcrypt.hash('Imported-Pass-1', 4) })

  const before = await api.post('/v1/login', { email, password: 'Imported-Pass-1' })
  await api.post('/v1/email/verify/resend', { email })
  await api.post('/v1/email/verify', { token: await mailbox.token(email, 'verify_email') })
  const after = await api.post('/v1/login', { email, password: 'Imported-Pass-1' })

  expect(before).toRefuse('email_not_verified')
  expect(after).toHaveStatus(200)
})

const BODY = 'a'.repeat(53)
test.each([
  `$2b$31$${BODY}`,
  `$2b$16$${BODY}`,
  `$2b$03$${BODY}`,
  `$2b$00$${BODY}`,
  `$2x$12$${BODY}`,
  `$2b$12$${BODY.slice(1)}`,
  `$2b$12$${BODY}a`,
  `$2b$12$${BODY}\n`,
  `$2b$1e$${BODY}`,
  `v1$somepepper$2b$12$${BODY}`,
  '$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aGFzaA',
  'Correct-Horse-7',
  '',
])('P7: %j is no hash to import: 422, no account, and nothing hashed', async (passwordHash) => {
  const email = people.newEmail()

  const refused = await desk.post('/users', { email, passwordHash, emailVerified: true })

  expect(refused).toRefuse('invalid_password_hash')
  expect(refused.body.violations).toMatchObject([{ field: 'passwordHash' }])
  expect(refused.text).not.toContain(passwordHash || '\u0000')
  expect(await desk.addressState(email)).toBe('free')
})

test('Support cannot create a second account for an address that is in use or locked', async () => {
  const ada = await people.verified()
  const left = ada.email
  const next = people.newEmail()
  await ada.changeEmail(next)
  await api.post('/v1/email/change/confirm', { token: await mailbox.token(next, 'confirm_email') })

  expect(await desk.post('/users', { email: next.toUpperCase() })).toRefuse('email_unavailable')
  expect(await desk.post('/users', { email: left })).toRefuse('email_unavailable')
  expect(await desk.post('/users', { email: 'not an address' })).toRefuse('invalid_email')
})

test('of twenty concurrent requests to create an account for one address, one succeeds', async () => {
  const email = people.newEmail()

  const answers = await Promise.all(Array.from({ length: 20 }, () => desk.post('/users', { email })))

  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(19)
})

test('a stranger who registered an address before Support created its account cannot sign in to that account', async () => {
  const email = people.newEmail()
  await api.post('/v1/register', { email, password: 'Attacker-Pass-1' })
  const link = await mailbox.token(email, 'verify_email')

  await desk.post('/users', { email, emailVerified: true })

  expect((await api.post('/v1/email/verify', { token: link })).status).toBeGreaterThanOrEqual(400)
  expect(await api.post('/v1/login', { email, password: 'Attacker-Pass-1' })).toRefuse('invalid_credentials')
})

test.each([
  [{ email: 'a@example.com', createdAt: '2999-01-01T00:00:00Z' }, 'createdAt'],
  [{ email: 'a@example.com', createdAt: '0000-01-01T00:00:00Z' }, 'createdAt'],
  [{ email: 'a@example.com', createdAt: 'yesterday' }, 'createdAt'],
  [{ email: 'a@example.com', password: 'Battery-Staple-8' }, 'password'],
  [{ email: 'a@example.com', emailVerified: 'yes' }, 'emailVerified'],
  [{ email: ['a@example.com'] }, 'email'],
  [{ passwordHash: `$2b$12$${BODY}` }, 'email'],
])('%j is refused, and the field named', async (user, field) => {
  const refused = await desk.post('/users', user)

  expect(refused).toRefuse('invalid_request')
  expect(refused.body.violations).toMatchObject([{ field }])
})

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

test('the audit trail says who created an account, from where, and whether with a password hash', async () => {
  const [without, withHash] = [
    await desk.post('/users', { email: people.newEmail(), emailVerified: true }),
    await desk.post('/users', { email: people.newEmail(), passwordHash: `$2b$12$${'a'.repeat(53)}` }),
  ]

  const trail = async ({ body }: typeof without) => (await desk.get(`/users/${body.id}/events`)).body.events
  const created = { type: 'account.created', actor: { type: 'service_client' }, ip: '198.51.100.7' }
  expect(await trail(without)).toMatchObject([
    {
      ...created,
      userAgent: expect.any(String),
      requestId: without.headers['x-request-id'],
      details: { imported: false, emailVerified: true },
    },
  ])
  expect(await trail(withHash)).toMatchObject([{ ...created, details: { imported: true, emailVerified: false } }])
})
