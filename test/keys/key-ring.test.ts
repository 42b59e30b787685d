import { generateKeyPairSync } from 'node:crypto'
import { expect, jest, test } from '@jest/globals'
import { SignJWT } from 'jose'
import { rotateSigningKey } from '../../src/domain/key-rotation/rotate-signing-key.ts'
import { createKeyRing, type KeyRing, KeysNotLoaded } from '../../src/keys/key-ring.ts'
import { sealingContext } from '../../src/keys/key-rows.ts'
import { DamagedKey } from '../../src/keys/open-key.ts'
import { WrongSecretKey } from '../../src/security/sealed-value.ts'
import { newSigningKey } from '../../src/security/signing-key.ts'
import '../support/matchers.ts'
import { startTestApp } from '../support/test-app.ts'

jest.setTimeout(120_000) // whole services are started in the middle of tests

const OPERATOR = { actor: { operator: 'ada' }, origin: null } as const
const TEST_SECRET_KEY = 'a secret key for tests, 32 bytes or more'

const first = await startTestApp()
const { databaseUrl } = first
const strange = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const named = (kid: string) =>
  new SignJWT({}).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid }).sign(strange.privateKey)

/** How often the database is asked for the keys while `work` is done. */
async function countingKeyReads(app: typeof first, work: () => Promise<unknown>): Promise<number> {
  const { pool } = app.deps
  const query = pool.query
  let reads = 0
  pool.query = ((...given: unknown[]) => {
    if (/SELECT [^;]*\bsealed\b/.test(JSON.stringify(given[0]))) reads += 1
    return Reflect.apply(query, pool, given)
  }) as typeof query
  await work()
  pool.query = query
  return reads
}

test('a token of a key that another process made a moment ago is good at once', async () => {
  const second = await startTestApp({ databaseUrl })
  await rotateSigningKey(first.deps, { algorithm: undefined, isCompromised: true, by: OPERATOR })
  await rotateSigningKey(first.deps, { algorithm: undefined, isCompromised: true, by: OPERATOR })
  await first.deps.keys.load() // and the second process has not, and its keys are all gone

  const token = await first.serviceToken('users:read')

  expect(await second.api.get('/v1/admin/users?email=nobody@example.com', { token })).toHaveStatus(200)
})

test('made-up key names do not become a stream of queries: the keys are read once, however many come', async () => {
  const app = await startTestApp({ databaseUrl })
  const tokens = await Promise.all(Array.from({ length: 50 }, (_, index) => named(String(index).padStart(43, 'A'))))

  const reads = await countingKeyReads(app, async () => {
    for (const token of tokens.slice(25)) expect(await app.api.get('/v1/me', { token })).toRefuse('unauthenticated')
    await Promise.all(tokens.slice(0, 25).map((token) => app.api.get('/v1/me', { token })))
  })

  expect(reads).toBe(1)
})

test('a name that could not be one of ours asks nobody', async () => {
  const app = await startTestApp({ databaseUrl })
  const tokens = await Promise.all(
    ['', 'x', '../../etc/passwd', `' OR 1=1 --${'A'.repeat(32)}`, 'A'.repeat(44)].map(named),
  )

  const reads = await countingKeyReads(app, async () => {
    for (const token of tokens) expect(await app.api.get('/v1/me', { token })).toRefuse('unauthenticated')
  })

  expect(reads).toBe(0)
})

test('processes that start on an empty database at once make one set of keys', async () => {
  await first.deps.db.key.deleteMany()

  const apps = await Promise.all(Array.from({ length: 4 }, () => startTestApp({ databaseUrl })))

  const kids = apps.map(({ deps }) => deps.keys.publicKeys().map(({ kid }) => kid))
  for (const kid of kids) expect(kid).toEqual(kids[0])
  expect(await first.deps.db.key.count()).toBe(6)
})

test('what is missing is made, and nothing else is touched; a signing key of the algorithm in use', async () => {
  const app = await startTestApp()
  const { db, keys } = app.deps
  await rotateSigningKey(app.deps, { algorithm: 'EdDSA', isCompromised: true, by: OPERATOR })
  const before = await db.key.findMany({ orderBy: { id: 'asc' } })
  const isLost = ({ purpose, state }: { purpose: string; state: string }) =>
    purpose === 'address_hash' || (purpose === 'signing' && state === 'next')
  await db.key.deleteMany({ where: { id: { in: before.filter(isLost).map(({ id }) => id) } } })

  await keys.load()

  const after = await db.key.findMany({ orderBy: { id: 'asc' } })
  const kept = before.filter((key) => !isLost(key))
  expect(after.filter(({ id }) => kept.some((key) => key.id === id))).toEqual(kept)
  const made = after.filter(({ id }) => !before.some((key) => key.id === id))
  expect(made.map(({ purpose, state, algorithm }) => `${purpose} ${state} ${algorithm}`).sort()).toEqual([
    'address_hash current HMAC',
    'signing next EdDSA',
  ])
})

test.each(['password_pepper', 'password_import', 'refresh_token', 'address_hash', 'current', 'next'])(
  'a %s key that is missing is noticed at the next reading',
  async (lost) => {
    const app = await startTestApp()
    const { db, keys } = app.deps
    const isSigning = lost === 'current' || lost === 'next'
    await db.key.deleteMany({ where: isSigning ? { purpose: 'signing', state: lost } : { purpose: lost } })

    await keys.load()

    expect(await db.key.count()).toBe(6)
    expect(keys.signingKey().kid).toEqual(expect.any(String))
    expect((await app.people.verified()).token).toEqual(expect.any(String))
  },
)

test('a key says since when it signs, and one that stands by does not', async () => {
  const app = await startTestApp()
  const signing = await app.deps.db.key.findMany({ where: { purpose: 'signing' }, orderBy: { state: 'asc' } })

  expect(signing).toMatchObject([
    { state: 'current', activatedAt: expect.any(Date) },
    { state: 'next', activatedAt: null },
  ])
})

test('before the keys have been read nothing is made up: whoever needs one is told of an outage', async () => {
  const { keys } = first.deps
  const unread = createKeyRing(first.deps, keys.sealer, () => new Date())

  for (const ask of [
    () => unread.signingKey(),
    () => unread.publicKeys(),
    () => unread.refreshTokenKeys(),
    () => unread.addressHashKeys(),
    () => unread.peppers.current(),
    () => unread.peppers.find('x'),
    () => unread.importKeys.current(),
    () => unread.keyedHash('address', 'ada@example.com'),
  ]) {
    expect(ask).toThrow(KeysNotLoaded)
  }
  await expect(unread.verificationKey('x')).rejects.toThrow(KeysNotLoaded)
})

test('a pepper is found by its own name only', () => {
  const { peppers } = first.deps.keys

  expect(peppers.find(peppers.current().id)).toEqual(peppers.current().key)
  expect(peppers.find('another')).toBeUndefined()
})

test('the JWKS has the public half of the sealed key, whatever the column beside it says', async () => {
  const app = await startTestApp()
  const { db, keys } = app.deps
  const foreign = strange.publicKey.export({ format: 'jwk' })
  const [row] = await db.key.findMany({ where: { purpose: 'signing', state: 'next' } })
  await db.key.updateMany({
    where: { id: row?.id ?? '' },
    data: { publicJwk: { ...foreign, kid: row?.id, alg: 'ES256', use: 'sig' } },
  })

  const restarted = await startTestApp({ databaseUrl: app.databaseUrl })

  const { body } = await restarted.api.get('/.well-known/jwks.json')
  expect(body.keys).toEqual(keys.publicKeys())
  expect(JSON.stringify(body.keys)).not.toContain(foreign.x)
})

test('a key whose id is not the thumbprint of its sealed half refuses the start', async () => {
  const app = await startTestApp()
  const { db, keys } = app.deps
  const { kid } = keys.signingKey()
  const other = newSigningKey('ES256')
  const sealed = keys.sealer.seal(other.privateKey, sealingContext({ id: kid, purpose: 'signing' }))
  await db.key.update({ where: { id: kid }, data: { sealed } })

  const start = createKeyRing(app.deps, keys.sealer, () => new Date()).load()

  await expect(start).rejects.toThrow(DamagedKey)
  await expect(start).rejects.toThrow(/^The signing key [^\n]* is not the private key of its id [^\n]*recovery\.md\.$/)
})

test.each([
  ['an empty key', (ring: KeyRing, context: string) => ring.sealer.seal(Buffer.alloc(0), context)],
  ['a key of 16 bytes', (ring: KeyRing, context: string) => ring.sealer.seal(Buffer.alloc(16), context)],
  ['a key that was altered', (ring: KeyRing, context: string) => ring.sealer.seal(Buffer.alloc(32), `${context}x`)],
])('%s in the place of a secret refuses the start', async (_, seal) => {
  const app = await startTestApp()
  const { db, keys } = app.deps
  const row = await db.key.findFirstOrThrow({ where: { purpose: 'refresh_token' } })
  await db.key.update({ where: { id: row.id }, data: { sealed: seal(keys, sealingContext(row)) } })

  await expect(createKeyRing(app.deps, keys.sealer, () => new Date()).load()).rejects.toThrow(DamagedKey)
})

test('a ring that cannot open a new key says so until it can, and keeps the keys it had', async () => {
  const app = await startTestApp()
  const { db, keys } = app.deps
  const { kid } = keys.signingKey()
  const newer = await startTestApp({
    databaseUrl: app.databaseUrl,
    env: { SECRET_KEY: 'the next secret key, 32 bytes or more', SECRET_KEY_PREVIOUS: TEST_SECRET_KEY },
  })
  const isReadableBefore = keys.isReadable()
  await rotateSigningKey(newer.deps, { algorithm: undefined, isCompromised: true, by: OPERATOR })

  await expect(keys.load()).rejects.toThrow(WrongSecretKey)

  expect(isReadableBefore).toBe(true)
  expect(keys.isReadable()).toBe(false)
  expect(newer.deps.keys.isReadable()).toBe(true)
  expect(keys.signingKey().kid).toBe(kid)
  await db.key.deleteMany()
  await keys.load()
  expect(keys.isReadable()).toBe(true)
})

test('a ring that has not been loaded is not readable', () => {
  const { keys } = first.deps

  expect(createKeyRing(first.deps, keys.sealer, () => new Date()).isReadable()).toBe(false)
})
