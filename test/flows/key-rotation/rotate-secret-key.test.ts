import { expect, jest, test } from '@jest/globals'
import { advanceSecretKeys } from '../../../src/domain/key-rotation/advance-secret-keys.ts'
import { rotateSecretKey } from '../../../src/domain/key-rotation/rotate-secret-key.ts'
import { SECRET_KEY_LEAD_SECONDS } from '../../../src/keys/key-lifetimes.ts'
import { readRefreshToken } from '../../../src/security/refresh-token.ts'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import { startTestApp, type TestApp } from '../../support/test-app.ts'

jest.setTimeout(120_000) // whole services are started in the middle of tests

const BY = { actor: { operator: 'ada' }, origin: null } as const

async function statesOf({ deps }: TestApp, purpose: string): Promise<string[]> {
  const rows = await deps.db.key.findMany({ where: { purpose }, orderBy: { createdAt: 'asc' } })
  return rows.map(({ state }) => state)
}

const rotate = ({ deps }: TestApp, purpose: 'refresh_token' | 'password_pepper') =>
  rotateSecretKey(deps, { purpose, isCompromised: false, by: BY })

test('a new refresh token key signs nobody out, and a replica that has not read it yet refuses nothing', async () => {
  const app = await startTestApp()
  const other = await startTestApp({ databaseUrl: app.databaseUrl })
  const ada = await app.people.verified()

  const { isActive } = await rotate(app, 'refresh_token')
  await app.deps.keys.load()

  expect(isActive).toBe(false)
  expect(await ada.refresh()).toHaveStatus(200) // by the replica that knows the new key
  const answer = await other.api.post('/v1/token/refresh', { refreshToken: ada.tokens.refreshToken })
  expect(answer).toHaveStatus(200) // by the one that does not
})

test('a new refresh token key is used from a minute later, and the old one is deleted with its last session', async () => {
  const app = await startTestApp()
  const { deps, clock } = app
  const ada = await app.people.verified()
  const [old] = deps.keys.refreshTokenKeys()
  await rotate(app, 'refresh_token')
  await deps.keys.load()

  clock.advance(SECRET_KEY_LEAD_SECONDS + 1)
  await ada.refresh()
  await advanceSecretKeys(deps)
  const statesWithSession = await statesOf(app, 'refresh_token')
  clock.advance(deps.config.lifetimes.refreshToken)
  await advanceSecretKeys(deps)

  expect(readRefreshToken(ada.tokens.refreshToken, [old])).toBeNull()
  expect(statesWithSession).toEqual(['retired', 'current'])
  expect(await statesOf(app, 'refresh_token')).toEqual(['current'])
})

test('a compromised refresh token key is deleted at once, and everybody has to sign in again', async () => {
  const app = await startTestApp()
  const ada = await app.people.verified()

  await rotateSecretKey(app.deps, { purpose: 'refresh_token', isCompromised: true, by: BY })
  await app.deps.keys.load()

  expect(await ada.refresh()).toRefuse('refresh_token_invalid')
  const again = await ada.logIn()
  expect(await again.refresh()).toHaveStatus(200)
  expect(await statesOf(app, 'refresh_token')).toEqual(['current'])
})

test('a new pepper replaces the old one at the next sign-in, and the old one is deleted when no hash needs it', async () => {
  const app = await startTestApp()
  const { deps, clock } = app
  const [ada, bob] = [await app.people.verified(), await app.people.verified()]
  const old = deps.keys.peppers.current().id
  await rotate(app, 'password_pepper')
  await deps.keys.load()
  clock.advance(SECRET_KEY_LEAD_SECONDS + 1)
  await advanceSecretKeys(deps)
  await deps.keys.load()

  await ada.logIn()
  await advanceSecretKeys(deps)
  const statesWithBob = await statesOf(app, 'password_pepper')
  await bob.logIn()
  await deps.db.registration.deleteMany()
  await advanceSecretKeys(deps)

  const { passwordHash } = await deps.db.account.findFirstOrThrow({ where: { email: ada.email } })
  expect(passwordHash).toMatch(`v1$${deps.keys.peppers.current().id}$`)
  expect(passwordHash).not.toContain(old)
  expect(statesWithBob).toEqual(['retired', 'current'])
  expect(await statesOf(app, 'password_pepper')).toEqual(['current'])
})

test('rotating again before the minute is over replaces the key that is planned', async () => {
  const app = await startTestApp()

  await rotate(app, 'password_pepper')
  const { id } = await rotate(app, 'password_pepper')

  const rows = await app.deps.db.key.findMany({ where: { purpose: 'password_pepper', state: 'next' } })
  expect(rows.map((row) => row.id)).toEqual([id])
})

test('the rotation of a secret key is in the audit trail with the operator who did it', async () => {
  const app = await startTestApp()

  const { id } = await rotate(app, 'refresh_token')

  expect(await eventsOf(app.deps, 'secret_key.rotated')).toMatchObject([
    { actorType: 'system', actorId: 'ada', details: { purpose: 'refresh_token', key: id, isCompromised: false } },
  ])
})

test('the worker makes a key that is due the current one', async () => {
  const app = await startTestApp()
  await rotate(app, 'refresh_token')
  app.clock.advance(SECRET_KEY_LEAD_SECONDS + 1)

  await app.deps.pool.query(`SELECT graphile_worker.add_job('rotate_signing_keys')`)
  await app.mailbox.drain()

  expect(await statesOf(app, 'refresh_token')).toContain('current')
  expect(await statesOf(app, 'refresh_token')).not.toContain('next')
})
