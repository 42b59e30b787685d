import { expect, jest, test } from '@jest/globals'
import { listKeys } from '../../../src/domain/key-rotation/list-keys.ts'
import { reencryptKeys } from '../../../src/domain/key-rotation/reencrypt-keys.ts'
import { rotateSigningKey } from '../../../src/domain/key-rotation/rotate-signing-key.ts'
import { WrongSecretKey } from '../../../src/security/sealed-value.ts'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import { startTestApp } from '../../support/test-app.ts'

jest.setTimeout(120_000) // whole services are started in the middle of tests

const BY = { actor: { operator: 'ada' }, origin: null } as const
const OLD = 'the old secret key, 32 bytes or more'
const NEW = 'the new secret key, 32 bytes or more'

const old = await startTestApp({ env: { SECRET_KEY: OLD } })
const { databaseUrl } = old
const startWith = (env: Record<string, string>) => startTestApp({ databaseUrl, env })

test('SECRET_KEY can be changed without losing a password, a session or a token', async () => {
  const ada = await old.people.verified()

  const both = await startWith({ SECRET_KEY: NEW, SECRET_KEY_PREVIOUS: OLD })
  const before = await listKeys(both.deps)
  const counts = await reencryptKeys(both.deps, BY)
  const renewed = await startWith({ SECRET_KEY: NEW })

  expect(new Set(before.map((key) => key.sealedUnder))).toEqual(new Set(['another']))
  expect(counts).toEqual({ reencrypted: 6, total: 6 })
  for (const app of [both, renewed]) {
    expect(await app.api.get('/v1/me', { token: ada.token })).toHaveStatus(200)
    expect(await app.api.post('/v1/login', { email: ada.email, password: ada.password })).toHaveStatus(200)
  }
  const refreshed = await renewed.api.post('/v1/token/refresh', { refreshToken: ada.tokens.refreshToken })
  expect(refreshed).toHaveStatus(200)
})

test('a process that runs with the old key only goes on, and misses nothing it knows', async () => {
  const ada = await old.people.verified()

  await old.deps.keys.load()

  expect(await ada.refresh()).toHaveStatus(200)
})

test('with another SECRET_KEY nothing starts, nothing is written, and one line says why', async () => {
  const before = await old.deps.db.key.findMany({ orderBy: { id: 'asc' } })

  const start = startWith({ SECRET_KEY: 'a third secret key, 32 bytes or more' })

  await expect(start).rejects.toThrow(WrongSecretKey)
  await expect(start).rejects.toThrow(/^SECRET_KEY does not open the keys in this database[^\n]*$/)
  expect(await old.deps.db.key.findMany({ orderBy: { id: 'asc' } })).toEqual(before)
})

test('doing it again does nothing, and it is in the audit trail once', async () => {
  const renewed = await startWith({ SECRET_KEY: NEW })

  expect(await reencryptKeys(renewed.deps, BY)).toEqual({ reencrypted: 0, total: 6 })
  expect(await eventsOf(renewed.deps, 'keys.reencrypted')).toMatchObject([
    { actorType: 'system', actorId: 'ada', details: { reencrypted: 6, total: 6 } },
  ])
})

test('one key that does not open stops it, and leaves the others as they are', async () => {
  const third = await startWith({ SECRET_KEY: 'a third secret key, 32 bytes or more', SECRET_KEY_PREVIOUS: NEW })
  const rows = await third.deps.db.key.findMany({ orderBy: { id: 'asc' } })
  const [victim] = rows
  const foreign = `s1.00000000.${victim?.sealed.split('.').slice(2).join('.')}`
  await third.deps.db.key.update({ where: { id: victim?.id ?? '' }, data: { sealed: foreign } })

  await expect(reencryptKeys(third.deps, BY)).rejects.toThrow(WrongSecretKey)

  const after = await third.deps.db.key.findMany({ orderBy: { id: 'asc' } })
  expect(after.slice(1)).toEqual(rows.slice(1))
})

test('a sealed key moved to another row does not open there', async () => {
  const app = await startTestApp()
  const [one, other] = await app.deps.db.key.findMany({ where: { algorithm: 'HMAC' } })
  await app.deps.db.key.update({ where: { id: one?.id ?? '' }, data: { sealed: other?.sealed ?? '' } })

  await expect(startTestApp({ databaseUrl: app.databaseUrl })).rejects.toThrow()
})

test('the list has every key by what it is for, the newest first, and nothing of what is in it', async () => {
  const app = await startTestApp()
  app.clock.advance(1)
  await rotateSigningKey(app.deps, { algorithm: undefined, isCompromised: false, by: BY })

  const keys = await listKeys(app.deps)

  expect(keys.map(({ purpose, state }) => `${purpose} ${state}`)).toEqual([
    'address_hash current',
    'password_import current',
    'password_pepper current',
    'refresh_token current',
    'signing next',
    expect.stringMatching(/^signing (current|retired)$/),
    expect.stringMatching(/^signing (current|retired)$/),
  ])
  for (const key of keys) {
    expect(Object.keys(key).sort()).toEqual(
      [
        'activateAt',
        'activatedAt',
        'algorithm',
        'createdAt',
        'id',
        'purpose',
        'retiredAt',
        'sealedUnder',
        'state',
      ].sort(),
    )
  }
})
