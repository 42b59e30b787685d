import { expect, test } from '@jest/globals'
import bcrypt from 'bcrypt'
import '../../support/matchers.ts'
import { openSupportDesk } from '../../support/support-desk.ts'
import { startTestApp } from '../../support/test-app.ts'

const testApp = await startTestApp()
const { api, deps, people, mailbox } = testApp
const desk = await openSupportDesk(testApp)

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
  'P6: a person signs in with an imported $%s$ hash, which is upgraded then',
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

test('an imported password works only after the address is verified, unless the import says that it is verified', async () => {
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
])('P7: %j is refused as a password hash with 422, without an account and without hashing', async (passwordHash) => {
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

test('a refused account is answered with all of its problems at once', async () => {
  const refused = await desk.post('/users', {
    email: 'no address',
    passwordHash: 'md5',
    createdAt: '2999-01-01T00:00:00Z',
  })

  expect(refused).toRefuse('invalid_email')
  expect(refused.body.violations.map(({ field }: { field: string }) => field)).toEqual([
    'email',
    'passwordHash',
    'createdAt',
  ])
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
