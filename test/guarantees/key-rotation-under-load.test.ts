import { expect, test } from '@jest/globals'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { advanceSigningKeys, rotateSigningKey } from '../../src/domain/key-rotation/rotate-signing-key.ts'
import { PUBLISH_BEFORE_USE_SECONDS } from '../../src/keys/key-lifetimes.ts'
import type { Answer } from '../support/api.ts'
import { kidOf } from '../support/jwks.ts'
import { startListeningApp } from '../support/listening-app.ts'
import '../support/matchers.ts'
import { basicOf, registerClient } from '../support/service-clients.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'
import { until } from '../support/until.ts'

const LIFE = { ACCESS_TOKEN_TTL: '3600' } // the clock will be moved by ten minutes while tokens are on their way
const one = await startListeningApp({ env: LIFE })
const two = await startTestApp({ databaseUrl: one.databaseUrl, env: { PUBLIC_URL: one.url, ...LIFE } })
await two.app.ready() // compiles its schemas now, rather than in the middle of the load
const keys = createRemoteJWKSet(new URL(`${one.url}/.well-known/jwks.json`))

/** Verifies tokens as another service does, at the time of the test's clock, because only that clock is moved. */
async function verifyElsewhere(token: string): Promise<void> {
  const rules = { issuer: one.url, audience: one.url, typ: 'at+jwt', currentDate: one.clock.now() }
  await jwtVerify(token, keys, rules)
}

test('T5: while keys rotate under load no request fails and every token verifies, here and elsewhere', async () => {
  const ada = await one.people.verified()
  const crowd = await Promise.all(Array.from({ length: 4 }, () => ada.logIn()))
  const kids = new Set<string>()
  const failures: string[] = []
  let isOver = false
  const note = (what: string, { status, text }: Answer) => status === 200 || failures.push(`${what} ${status} ${text}`)

  /** One process renews the tokens, and the other one has to accept the access token. */
  async function keepUsing(person: (typeof crowd)[number], [signer, other]: [TestApp, TestApp]): Promise<void> {
    while (!isOver && failures.length === 0) {
      const renewed = await signer.api.post('/v1/token/refresh', { refreshToken: person.tokens.refreshToken })
      if (note('refresh', renewed) !== true) return
      person.tokens = renewed.body
      kids.add(kidOf(person.token))
      note('me', await other.api.get('/v1/me', { token: person.token }))
      await verifyElsewhere(person.token).catch((error: Error) => failures.push(`elsewhere: ${error.message}`))
    }
  }

  const load = crowd.map((person, index) => keepUsing(person, index % 2 ? [one, two] : [two, one]))
  await until(() => kids.size === 1 || failures.length > 0)
  for (const algorithm of [undefined, 'EdDSA', 'ES256'] as const) {
    const enough = kids.size + 1
    const { isActive } = await rotateSigningKey(one.deps, {
      algorithm,
      isCompromised: false,
      by: { actor: { operator: 'ada' }, origin: null },
    })
    if (!isActive) {
      // Each process reads the keys by itself, verifiers fetch them again, and the new key becomes current.
      for (const app of [one, two]) await app.deps.keys.load()
      await keys.reload()
      for (const app of [one, two]) app.clock.advance(PUBLISH_BEFORE_USE_SECONDS)
      await advanceSigningKeys(two.deps)
    }
    for (const app of [one, two]) await app.deps.keys.load()
    await until(() => kids.size >= enough || failures.length > 0)
  }
  isOver = true
  await Promise.all(load)

  expect(failures).toEqual([])
  expect(kids.size).toBe(4)
})

test('T5: what one process grants the other refreshes, introspects and revokes', async () => {
  const ada = await one.people.verified()
  const client = await registerClient(one.deps, 'tokens:introspect')
  const ask = ({ api }: TestApp, token: string) =>
    api.form('/oauth/introspect', { token }, { headers: basicOf(client) }).then(({ body }) => body.active)

  const asked = await ask(two, ada.token)
  const refreshed = await two.api.post('/v1/token/refresh', { refreshToken: ada.tokens.refreshToken })
  const { accessToken, refreshToken } = refreshed.body
  const back = await one.api.get('/v1/me', { token: accessToken })
  const revoked = await two.api.form('/oauth/revoke', { token: refreshToken }, { headers: basicOf(client) })

  expect(asked).toBe(true)
  expect([refreshed.status, back.status, revoked.status]).toEqual([200, 200, 200])
  expect([await ask(one, accessToken), await ask(one, refreshToken)]).toEqual([false, false])
  expect(await one.api.get('/v1/me', { token: accessToken })).toRefuse('unauthenticated')
})

test('T5: of two processes whose time to rotate comes at once one does it, and both then sign with the same key', async () => {
  for (const app of [one, two]) app.clock.advance(91 * 86_400)
  const before = await one.deps.db.event.count({ where: { type: 'signing_key.rotated' } })

  await Promise.all([advanceSigningKeys(one.deps), advanceSigningKeys(two.deps)])
  await Promise.all([one.deps.keys.load(), two.deps.keys.load()])

  expect(await one.deps.db.event.count({ where: { type: 'signing_key.rotated' } })).toBe(before + 1)
  expect(one.deps.keys.signingKey().kid).toBe(two.deps.keys.signingKey().kid)
})
