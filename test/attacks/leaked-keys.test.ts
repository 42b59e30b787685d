import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { expect, jest, test } from '@jest/globals'
import { SignJWT } from 'jose'
import { v7 as uuidv7 } from 'uuid'
import { sealingContext } from '../../src/keys/key-rows.ts'
import { deriveRefreshToken } from '../../src/security/refresh-token.ts'
import { createSealer } from '../../src/security/sealed-value.ts'
import { Secret } from '../../src/security/secret.ts'
import { eventsOf } from '../support/audit.ts'
import { latchkey } from '../support/command-line.ts'
import '../support/matchers.ts'
import { registerClient, serviceTokenOf } from '../support/service-clients.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

jest.setTimeout(120_000) // whole services are started in the middle of tests

const LEAKED = 'a leaked secret key, 32 bytes or more'
const FRESH = 'a fresh secret key, 32 bytes or longer'

const leaking = await startTestApp({ env: { SECRET_KEY: LEAKED } })
const { databaseUrl } = leaking

interface Loot {
  readonly signing: ReadonlyArray<{ kid: string; algorithm: string; key: KeyObject }>
  readonly refreshToken: readonly Buffer[]
}

/** What somebody has who holds a dump of the database and SECRET_KEY. */
async function steal({ deps }: TestApp): Promise<Loot> {
  const sealer = createSealer(new Secret(LEAKED), undefined)
  const rows = await deps.db.key.findMany()
  const opened = rows.map((row) => ({ ...row, key: sealer.open(row.sealed, sealingContext(row)) }))
  const ofPurpose = (purpose: string) => opened.filter((row) => row.purpose === purpose)
  return {
    signing: ofPurpose('signing').map(({ id, algorithm, key }) => ({
      kid: id,
      algorithm,
      key: createPrivateKey({ key, format: 'der', type: 'pkcs8' }),
    })),
    refreshToken: ofPurpose('refresh_token').map(({ key }) => key),
  }
}

const forge = ({ kid, algorithm, key }: Loot['signing'][number], claims: Record<string, unknown>) =>
  new SignJWT({ ...claims, jti: uuidv7() })
    .setProtectedHeader({ alg: algorithm, typ: 'at+jwt', kid })
    .setIssuer(leaking.deps.config.publicUrl)
    .setAudience(leaking.deps.config.publicUrl)
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(key)

/** A service's and a person's access token under each signing key, and a refresh token under each refresh token key. */
async function forgeTokens(loot: Loot, victim: { accountId: string; sessionId: string; clientId: string }) {
  const { accountId, sessionId, clientId } = victim
  const session = await leaking.deps.db.session.findUniqueOrThrow({ where: { id: sessionId } })
  const services = loot.signing.map((key) => forge(key, { sub: clientId, client_id: clientId, scope: 'users:read' }))
  const people = loot.signing.map((key) =>
    forge(key, {
      sub: accountId,
      sid: sessionId,
      cv: session.credentialVersion,
      client_id: 'latchkey',
      scope: 'account',
      auth_time: Math.floor(Date.now() / 1000),
      amr: ['pwd'],
    }),
  )
  return {
    services: await Promise.all(services),
    people: await Promise.all(people),
    refresh: loot.refreshToken.map((key) =>
      deriveRefreshToken({ sessionId, counter: session.refreshCounter }, key).reveal(),
    ),
  }
}

type Forged = Awaited<ReturnType<typeof forgeTokens>>

async function statuses({ api }: TestApp, forged: Forged): Promise<number[]> {
  const answers = [
    ...forged.services.map((token) => api.get('/v1/admin/users?email=nobody@example.com', { token })),
    ...forged.people.map((token) => api.get('/v1/me', { token })),
    ...forged.refresh.map((refreshToken) => api.post('/v1/token/refresh', { refreshToken })),
  ]
  return (await Promise.all(answers)).map(({ status }) => status)
}

/** The steps of docs/recovery.md, "The database and SECRET_KEY have leaked". */
async function recover(): Promise<TestApp> {
  const environment = { DATABASE_URL: databaseUrl, SECRET_KEY: FRESH, SECRET_KEY_PREVIOUS: LEAKED }
  const commands = [
    ['keys', 'reencrypt'],
    ['keys', 'rotate', '--compromised'],
    ['keys', 'rotate', '--purpose', 'refresh_token', '--compromised'],
    ['keys', 'rotate', '--purpose', 'pepper'],
    ['sessions', 'end', '--all'],
  ]
  for (const command of commands) {
    const { exitCode, stderr } = await latchkey([...command, '--json'], environment)
    expect({ command, exitCode, stderr }).toEqual({ command, exitCode: 0, stderr: '' })
  }
  return startTestApp({ databaseUrl, env: { SECRET_KEY: FRESH } })
}

test('after the steps of docs/recovery.md, no token that was forged with leaked keys works', async () => {
  const { deps, people } = leaking
  const owner = await people.verified()
  const client = await registerClient(deps, 'users:read')
  const { accountId } = await deps.db.session.findUniqueOrThrow({ where: { id: owner.tokens.sessionId } })
  const loot = await steal(leaking)
  const victim = { accountId, sessionId: owner.tokens.sessionId, clientId: client.id }
  const before = await statuses(leaking, await forgeTokens(loot, victim))

  const recovered = await recover()

  const forged = await forgeTokens(loot, victim)
  expect(before).toEqual([200, 200, 200, 200, 200])
  expect(loot.signing).toHaveLength(2)
  expect(await statuses(recovered, forged)).toEqual([401, 401, 401, 401, 401])
  await leaking.deps.keys.load().catch(() => undefined) // a replica that still has the leaked SECRET_KEY
  expect(leaking.deps.keys.isReadable()).toBe(false)
  expect(await leaking.api.get('/health/ready')).toHaveStatus(503)
})

test('after the steps, the owner signs in with the password and the service with its secret', async () => {
  const { people, deps } = leaking
  const owner = await people.verified()
  const client = await registerClient(deps, 'users:read')

  const recovered = await startTestApp({ databaseUrl, env: { SECRET_KEY: FRESH, SECRET_KEY_PREVIOUS: LEAKED } })

  expect(await recovered.api.post('/v1/login', { email: owner.email, password: owner.password })).toHaveStatus(200)
  expect(await serviceTokenOf(recovered.api, client)).toEqual(expect.any(String))
})

test('after the statement of docs/recovery.md no password works, and nobody can choose the same one again', async () => {
  const { people, deps, api, logIn, resetToken } = await startTestApp()
  const ada = await people.verified()
  const page = await readFile(new URL('../../docs/recovery.md', import.meta.url), 'utf8')
  const [, statement = ''] = /```sql\n([^`]*UPDATE accounts[^`]*)```/.exec(page) ?? []

  await deps.pool.query(statement)

  expect(await logIn(ada.email, ada.password)).toRefuse('invalid_credentials')
  expect(await ada.get('/v1/me')).toRefuse('unauthenticated')
  const token = await resetToken(ada.email)
  const again = await api.post('/v1/password/reset', { token, newPassword: ada.password })
  expect(again).toRefuse('password_policy')
  expect(again.body.violations).toMatchObject([{ rule: 'not_current' }])
  expect(await api.post('/v1/password/reset', { token, newPassword: 'Battery-Staple-8' })).toHaveStatus(204)
})

test('a forged refresh token with a counter from above ends the session, is recorded once and cannot be repeated', async () => {
  const { api, deps, people } = await startTestApp()
  const owner = await people.verified()
  const { sessionId } = owner.tokens
  const [key] = deps.keys.refreshTokenKeys()
  const forged = (counter: number) => deriveRefreshToken({ sessionId, counter }, key).reveal()

  const answers = [5, 4, 3, 2, 1].map(
    (counter) => () => api.post('/v1/token/refresh', { refreshToken: forged(counter) }),
  )

  for (const ask of answers) expect(await ask()).toRefuse('refresh_token_invalid')
  const events = await eventsOf(deps, 'session.refresh_counter_ahead')
  expect(events).toMatchObject([{ sessionId, outcome: 'failure', details: { presented: 5, expected: 1 } }])
  expect(await owner.get('/v1/me')).toRefuse('unauthenticated')
})

test('after SECRET_KEY was lost and its keys were deleted, everybody gets back in with a reset', async () => {
  const { deps, people, databaseUrl: lostUrl } = await startTestApp({ env: { SECRET_KEY: LEAKED } })
  const owner = await people.verified()
  await expect(startTestApp({ databaseUrl: lostUrl, env: { SECRET_KEY: FRESH } })).rejects.toThrow(
    'SECRET_KEY does not open',
  )
  await deps.db.key.deleteMany()

  const recovered = await startTestApp({ databaseUrl: lostUrl, env: { SECRET_KEY: FRESH } })

  const { email, password } = owner
  expect(await recovered.api.post('/v1/login', { email, password })).toRefuse('invalid_credentials')
  expect(await recovered.api.get('/v1/me', { token: owner.token })).toRefuse('unauthenticated')
  await recovered.api.post('/v1/password/forgot', { email })
  const token = await recovered.mailbox.token(email, 'reset_password')
  const newPassword = 'Correct-Horse-9'
  expect(await recovered.api.post('/v1/password/reset', { token, newPassword })).toHaveStatus(204)
  expect(await recovered.api.post('/v1/login', { email, password: newPassword })).toHaveStatus(200)
})
