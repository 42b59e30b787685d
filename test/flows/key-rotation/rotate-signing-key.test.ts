import { beforeEach, expect, jest, test } from '@jest/globals'
import { advanceSigningKeys, rotateSigningKey } from '../../../src/domain/key-rotation/rotate-signing-key.ts'
import { JWKS_CACHE_SECONDS, keepAfterUseSeconds, ROTATE_EVERY_DAYS } from '../../../src/keys/key-lifetimes.ts'
import { eventsOf } from '../../support/audit.ts'
import { fetchJwks, joseAccepts, kidOf } from '../../support/jwks.ts'
import '../../support/matchers.ts'
import { startTestApp, type TestApp } from '../../support/test-app.ts'

jest.setTimeout(120_000) // whole services are started in the middle of tests

let service: TestApp

/** Each test begins with the keys of a first start. */
beforeEach(async () => {
  service = await startTestApp()
})

/** Runs `keys rotate` and reads the keys again, as a running service does within seconds. */
async function rotate(input: { algorithm?: 'ES256' | 'EdDSA'; isCompromised?: boolean } = {}) {
  const { deps } = service
  const { algorithm, isCompromised = false } = input
  const rotation = await rotateSigningKey(deps, {
    algorithm,
    isCompromised,
    by: { actor: { operator: 'ada' }, origin: null },
  })
  await deps.keys.load()
  return rotation
}

/** Lets time pass, and runs the cron job as often as it would run in that time. */
async function pass(seconds: number): Promise<void> {
  service.clock.advance(seconds)
  await advanceSigningKeys(service.deps)
  await service.deps.keys.load()
}

const publishedKids = async () => (await fetchJwks(service)).keys.map((key) => key.kid)
const kidOfNewToken = async () => kidOf(await service.serviceToken('users:read'))

test('the JWKS has the current and the next key, public members only, cacheable', async () => {
  const answer = await service.api.get('/.well-known/jwks.json')

  expect(answer).toHaveStatus(200)
  expect(answer.headers['cache-control']).toBe('public, max-age=300')
  expect(answer.body.keys).toHaveLength(2)
  for (const key of answer.body.keys) {
    expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    expect(key).toMatchObject({ alg: 'ES256', crv: 'P-256', kty: 'EC', use: 'sig' })
  }
  expect(answer.body.keys[0].kid).toBe(await kidOfNewToken())
})

test('after a rotation new tokens have the next key, and those from before hold until they expire', async () => {
  const ada = await service.people.verified()
  const [current, next] = await publishedKids()
  const jwksFromBefore = await fetchJwks(service)

  const rotation = await rotate()

  const renewed = await ada.logIn()
  expect(rotation).toMatchObject({ kid: next, algorithm: 'ES256', isActive: true })
  expect([kidOf(ada.token), kidOf(renewed.token)]).toEqual([current, next])
  expect(await ada.get('/v1/me')).toHaveStatus(200)
  expect(await ada.refresh()).toHaveStatus(200)
  // A verifier that fetched the keys before knows the new one already: no token meets an unknown key.
  expect(await joseAccepts(service, jwksFromBefore, renewed.token)).toBe(true)
  expect(await publishedKids()).toEqual([next, expect.any(String), current])
})

test('a key that verifiers may not have heard of is published, and signs only after twice the cache time', async () => {
  await rotate()
  const [signing, next] = await publishedKids()

  const rotation = await rotate()

  expect(rotation).toMatchObject({ kid: next, isActive: false })
  expect(rotation.activatesAt.getTime() - service.clock.now().getTime()).toBeGreaterThan(
    (2 * JWKS_CACHE_SECONDS - 30) * 1000,
  )
  await pass(2 * JWKS_CACHE_SECONDS - 30)
  expect(await kidOfNewToken()).toBe(signing)
  await pass(31)
  expect(await kidOfNewToken()).toBe(next)
})

test('another algorithm takes over in the same way, and tokens of both verify', async () => {
  const ada = await service.people.verified()

  const rotation = await rotate({ algorithm: 'EdDSA' })
  const before = await kidOfNewToken()
  await pass(2 * JWKS_CACHE_SECONDS + 1)
  const token = await service.serviceToken('users:read')

  expect(rotation).toMatchObject({ algorithm: 'EdDSA', isActive: false })
  expect(before).not.toBe(rotation.kid)
  expect(kidOf(token)).toBe(rotation.kid)
  expect(await joseAccepts(service, await fetchJwks(service), token)).toBe(true)
  expect(await service.api.get('/v1/admin/users?email=nobody@example.com', { token })).toHaveStatus(200)
  expect(await ada.refresh()).toHaveStatus(200)
  expect((await fetchJwks(service)).keys.map((key) => key.alg)).toEqual(['EdDSA', 'EdDSA', 'ES256'])
})

test('a retired key verifies as long as a token of its may be on its way, and then it is gone', async () => {
  const [current] = await publishedKids()
  const token = await service.serviceToken('users:read')
  await rotate()
  const keep = keepAfterUseSeconds(service.deps.config.lifetimes.accessToken)

  await pass(270) // the clock goes on meanwhile, so a busy machine needs some room
  expect(await joseAccepts(service, await fetchJwks(service), token)).toBe(true)
  await pass(keep - 300)
  expect(await publishedKids()).toContain(current)
  await pass(31)
  expect(await publishedKids()).not.toContain(current)
  expect(await service.deps.db.key.count({ where: { id: current ?? '' } })).toBe(0)
})

test('cron relieves a key after ninety days and not before, and leaves the new one alone', async () => {
  const [first, second] = await publishedKids()

  await pass(ROTATE_EVERY_DAYS * 86_400 - 60)
  expect(await kidOfNewToken()).toBe(first)
  await pass(61)
  expect(await kidOfNewToken()).toBe(second)
  await pass(3600)
  expect(await kidOfNewToken()).toBe(second)
})

test('of twenty replicas whose cron runs at once one rotates', async () => {
  const { deps, clock } = service
  const [, next] = await publishedKids()
  clock.advance(ROTATE_EVERY_DAYS * 86_400 + 1)

  await Promise.all(Array.from({ length: 20 }, () => advanceSigningKeys(deps)))

  await deps.keys.load()
  expect(await kidOfNewToken()).toBe(next)
  expect(await deps.db.event.count({ where: { type: 'signing_key.rotated' } })).toBe(1)
  expect(await deps.db.key.groupBy({ by: ['state'], where: { purpose: 'signing' }, _count: true })).toEqual(
    expect.arrayContaining([
      { state: 'current', _count: 1 },
      { state: 'next', _count: 1 },
      { state: 'retired', _count: 1 },
    ]),
  )
})

test('a key that leaked is dropped at once with every token it signed; sessions go on by their refresh tokens', async () => {
  const ada = await service.people.verified()
  const [leaked] = await publishedKids()
  const { token } = ada

  await rotate()
  const rotation = await rotate({ isCompromised: true })

  expect(rotation.isActive).toBe(true)
  expect(await publishedKids()).not.toContain(leaked)
  expect(await service.api.get('/v1/me', { token })).toRefuse('unauthenticated')
  expect(await ada.refresh()).toHaveStatus(200)
  expect(await ada.get('/v1/me')).toHaveStatus(200)
  expect(kidOf(ada.token)).toBe(rotation.kid)
})

test('the worker does it unasked: the job is in its crontab, and in its tasks', async () => {
  const { deps, mailbox, clock } = service
  const [, next] = await publishedKids()
  clock.advance(ROTATE_EVERY_DAYS * 86_400 + 1)

  await deps.pool.query(`SELECT graphile_worker.add_job('rotate_signing_keys')`)
  await mailbox.drain()

  await deps.keys.load()
  expect(await kidOfNewToken()).toBe(next)
})

test('a rotation is in the audit trail', async () => {
  const { kid } = await rotate()

  const [event] = await service.deps.db.event.findMany({ where: { type: 'signing_key.rotated' } })
  expect(event).toMatchObject({ actorType: 'system', details: { kid, isActive: true, isCompromised: false } })
})

test('cron waits with an old key too where the next has not been published for long enough', async () => {
  const { deps } = service
  await rotate()
  const [signing, next] = await publishedKids()
  const longAgo = new Date(deps.clock.now().getTime() - (ROTATE_EVERY_DAYS + 1) * 86_400_000)
  await deps.db.key.updateMany({ where: { id: signing ?? '' }, data: { activatedAt: longAgo } })

  await pass(2 * JWKS_CACHE_SECONDS - 30)
  expect(await kidOfNewToken()).toBe(signing)
  await pass(31)
  expect(await kidOfNewToken()).toBe(next)
  const [event] = await eventsOf(deps, 'signing_key.rotated')
  expect(event).toMatchObject({ details: { kid: next, algorithm: 'ES256', isActive: true, isCompromised: false } })
})

test('naming the algorithm that is next anyhow changes nothing: the key that was published takes over', async () => {
  const [, next] = await publishedKids()

  expect(await rotate({ algorithm: 'ES256' })).toMatchObject({ kid: next, isActive: true })
})

test('a key verifies for its last token’s life, the leeway of clocks and the life of a cached JWKS', () => {
  expect(keepAfterUseSeconds(300)).toBe(300 + 30 + 300)
})
