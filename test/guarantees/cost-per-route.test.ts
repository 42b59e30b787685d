import { afterAll, beforeAll, expect, test } from '@jest/globals'
import bcrypt from 'bcrypt'
import '../support/matchers.ts'
import type { Answer } from '../support/api.ts'
import { type Cost, measuredPostgres } from '../support/counted-costs.ts'
import type { Person } from '../support/people.ts'
import { basicOf, registerClient } from '../support/service-clients.ts'
import { openSupportDesk } from '../support/support-desk.ts'
import { startTestApp } from '../support/test-app.ts'

/**
 * What a request may cost. The first three figures are upper bounds; lower them when a route becomes cheaper. The number of
 * password hashes is exact: one more makes a route much slower, and one less could reveal by the time of the answer
 * whether an address has an account.
 */
// biome-ignore format: a table
const LIMITS = {
  //                                       statements, commits, bytes of write-ahead log, hashes
  'POST /v1/login, known network':                  [ 7, 2,  1_900, 1],
  'POST /v1/login, new network':                    [ 8, 2,  2_700, 1],
  'POST /v1/login, wrong password':                 [ 3, 2,  2_000, 2],
  'POST /v1/login, unknown address':                [ 3, 2,  2_000, 2],
  'GET /v1/me':                                     [ 1, 0,      0, 0],
  'GET /v1/sessions':                               [ 2, 0,      0, 0],
  'POST /v1/token/refresh':                         [ 1, 1,    200, 0],
  'POST /v1/logout':                                [ 5, 1,  1_000, 0],
  'DELETE /v1/sessions/{id}':                       [ 6, 1,  1_000, 0],
  'DELETE /v1/sessions':                            [ 6, 1,  1_100, 0],
  'POST /v1/reauthenticate':                        [ 9, 3,  2_100, 1],
  'POST /v1/password/forgot, known address':        [ 1, 1,  1_900, 0],
  'POST /v1/password/forgot, unknown address':      [ 1, 1,  1_900, 0],
  'POST /v1/password/reset/check':                  [ 5, 0,      0, 0],
  'POST /v1/password/reset':                        [23, 1,  5_200, 2],
  'POST /v1/password/change':                       [22, 3,  5_100, 3],
  'POST /v1/email/change, reauthToken':             [18, 2,  6_000, 0],
  'POST /v1/email/change, currentPassword':         [19, 4,  6_700, 1],
  'GET /v1/email/change':                           [ 2, 0,      0, 0],
  'POST /v1/email/change/confirm':                  [29, 1,  6_500, 0],
  'POST /v1/email/change/revert':                   [28, 1,  8_400, 0],
  'POST /v1/register, free address':                [ 5, 1,  3_300, 1],
  'POST /v1/register, address in use':              [ 5, 1,  3_300, 1],
  'POST /v1/email/verify':                          [19, 1,  3_900, 0],
  'POST /v1/email/verify/resend, known address':    [ 1, 1,  1_900, 0],
  'POST /v1/email/verify/resend, unknown address':  [ 1, 1,  1_900, 0],
  'POST /oauth/token, client credentials':          [ 2, 1,    700, 0],
  'POST /oauth/introspect, access token':           [ 1, 0,      0, 0],
  'POST /oauth/introspect, refresh token':          [ 1, 0,      0, 0],
  'POST /oauth/introspect, service token':          [ 1, 0,      0, 0],
  'POST /oauth/revoke':                             [ 7, 1,  1_000, 0],
  'GET /.well-known/jwks.json':                     [ 0, 0,      0, 0],
  'GET /health/ready':                              [ 1, 0,      0, 0],
  'GET /v1/admin/users, a page of five':            [11, 0,      0, 0],
  'GET /v1/admin/users, by email':                  [11, 0,      0, 0],
  'GET /v1/admin/users/{id}':                       [10, 0,      0, 0],
  'GET /v1/admin/users/{id}/events':                [ 3, 0,      0, 0],
  'GET /v1/admin/users/{id}/mail':                  [11, 0,      0, 0],
} satisfies Record<string, readonly [statements: number, commits: number, walBytes: number, hashes: number]>

/** Requests that a stranger must not be able to tell apart, neither by the answer nor by the time that it takes. */
const ALIKE: ReadonlyArray<readonly [Name, Name]> = [
  ['POST /v1/login, wrong password', 'POST /v1/login, unknown address'],
  ['POST /v1/password/forgot, known address', 'POST /v1/password/forgot, unknown address'],
  ['POST /v1/register, free address', 'POST /v1/register, address in use'],
  ['POST /v1/email/verify/resend, known address', 'POST /v1/email/verify/resend, unknown address'],
]

type Name = keyof typeof LIMITS
/** Prepares a request; only sending it is measured. */
type Prepare = () => Promise<() => Promise<Answer>>

const postgres = await measuredPostgres()
afterAll(() => postgres.discard())
const service = await startTestApp({ databaseUrl: postgres.url })
const { api, deps, mailbox, people, resetToken } = service
const STRANGER = { ip: '203.0.113.7' }
const PASSWORD = 'Correct-Horse-7'
const NEW_PASSWORD = 'Battery-Staple-8'
const IMPORTED = await bcrypt.hash(PASSWORD, 4)

const desk = await openSupportDesk(service)
const client = await registerClient(deps, 'tokens:introspect')
const serviceToken = await service.serviceToken('tokens:introspect')
const ada = await people.verified()
const adaId = await desk.idOf(ada.email)
let networks = 0

const as = (person: Person) => ({ email: person.email, password: person.password })
const post = (path: string, body: unknown) => async () => () => api.post(path, body)
const introspect = (token: string) => async () => () =>
  api.form('/oauth/introspect', { token }, { headers: basicOf(client) })
const read = (path: string) => async () => () => desk.get(path)

async function reauthToken(person: Person): Promise<string> {
  return (await person.post('/v1/reauthenticate', { currentPassword: person.password })).body.reauthToken
}

/** An imported account costs a quarter of one that has registered. Its first sign-in makes it like any other. */
async function newcomer(): Promise<Person> {
  const email = people.newEmail()
  await desk.post('/users', { email, emailVerified: true, passwordHash: IMPORTED })
  return people.signedIn(email, PASSWORD)
}

/** A person who has requested an email change, and the new address. */
async function moving(): Promise<{ person: Person; newEmail: string }> {
  const [person, newEmail] = [await newcomer(), people.newEmail()]
  await person.changeEmail(newEmail)
  return { person, newEmail }
}

const REQUESTS: Record<Name, Prepare> = {
  'POST /v1/login, known network': post('/v1/login', as(ada)),
  'POST /v1/login, new network': async () => {
    networks += 1
    const ip = `192.0.${networks}.1`
    return () => api.post('/v1/login', as(ada), { ip })
  },
  'POST /v1/login, wrong password': async () => () =>
    api.post('/v1/login', { email: ada.email, password: 'Wrong-Horse-7' }, STRANGER),
  'POST /v1/login, unknown address': async () => () =>
    api.post('/v1/login', { email: 'nobody.1@example.com', password: 'Wrong-Horse-7' }, STRANGER),
  'GET /v1/me': async () => () => ada.get('/v1/me'),
  'GET /v1/sessions': async () => () => ada.get('/v1/sessions'),
  'POST /v1/token/refresh': async () => () => ada.refresh(),
  'POST /v1/logout': async () => {
    const { tokens } = await ada.logIn()
    return () => api.post('/v1/logout', { refreshToken: tokens.refreshToken })
  },
  'DELETE /v1/sessions/{id}': async () => {
    const { tokens } = await ada.logIn()
    return () => ada.delete(`/v1/sessions/${tokens.sessionId}`)
  },
  'DELETE /v1/sessions': async () => {
    await ada.logIn()
    return () => ada.delete('/v1/sessions')
  },
  'POST /v1/reauthenticate': async () => () => ada.post('/v1/reauthenticate', { currentPassword: ada.password }),
  'POST /v1/password/forgot, known address': post('/v1/password/forgot', { email: ada.email }),
  'POST /v1/password/forgot, unknown address': post('/v1/password/forgot', { email: 'nobody.1@example.com' }),
  'POST /v1/password/reset/check': async () => {
    const token = await resetToken(ada.email)
    return () => api.post('/v1/password/reset/check', { token })
  },
  'POST /v1/password/reset': async () => {
    const token = await resetToken((await newcomer()).email)
    return () => api.post('/v1/password/reset', { token, newPassword: NEW_PASSWORD })
  },
  'POST /v1/password/change': async () => {
    const person = await newcomer()
    return () => person.post('/v1/password/change', { currentPassword: person.password, newPassword: NEW_PASSWORD })
  },
  'POST /v1/email/change, reauthToken': async () => {
    const person = await newcomer()
    const body = { newEmail: people.newEmail(), reauthToken: await reauthToken(person) }
    return () => person.post('/v1/email/change', body)
  },
  'POST /v1/email/change, currentPassword': async () => {
    const person = await newcomer()
    const newEmail = people.newEmail()
    return () => person.changeEmail(newEmail)
  },
  'GET /v1/email/change': async () => {
    const { person } = await moving()
    return () => person.get('/v1/email/change')
  },
  'POST /v1/email/change/confirm': async () => {
    const { newEmail } = await moving()
    const token = await mailbox.token(newEmail, 'confirm_email')
    return () => api.post('/v1/email/change/confirm', { token })
  },
  'POST /v1/email/change/revert': async () => {
    const { person, newEmail } = await moving()
    const former = person.email
    await api.post('/v1/email/change/confirm', { token: await mailbox.token(newEmail, 'confirm_email') })
    const token = await mailbox.token(former, 'email_changed')
    return () => api.post('/v1/email/change/revert', { token })
  },
  'POST /v1/register, free address': async () => {
    const email = people.newEmail()
    return () => api.post('/v1/register', { email, password: NEW_PASSWORD })
  },
  'POST /v1/register, address in use': async () => {
    const { email } = await newcomer()
    return () => api.post('/v1/register', { email, password: NEW_PASSWORD })
  },
  'POST /v1/email/verify': async () => {
    const email = people.newEmail()
    await api.post('/v1/register', { email, password: NEW_PASSWORD })
    const token = await mailbox.token(email, 'verify_email')
    return () => api.post('/v1/email/verify', { token })
  },
  'POST /v1/email/verify/resend, known address': post('/v1/email/verify/resend', { email: ada.email }),
  'POST /v1/email/verify/resend, unknown address': post('/v1/email/verify/resend', { email: 'nobody.1@example.com' }),
  'POST /oauth/token, client credentials': async () => () =>
    api.form('/oauth/token', { grant_type: 'client_credentials' }, { headers: basicOf(client) }),
  'POST /oauth/introspect, access token': introspect(ada.token),
  'POST /oauth/introspect, refresh token': async () => introspect(ada.tokens.refreshToken)(),
  'POST /oauth/introspect, service token': introspect(serviceToken),
  'POST /oauth/revoke': async () => {
    const { tokens } = await ada.logIn()
    return () => api.form('/oauth/revoke', { token: tokens.refreshToken }, { headers: basicOf(client) })
  },
  'GET /.well-known/jwks.json': async () => () => api.get('/.well-known/jwks.json'),
  'GET /health/ready': async () => () => api.get('/health/ready'),
  'GET /v1/admin/users, a page of five': async () => {
    for (const _ of Array(5)) await desk.post('/users', { email: people.newEmail(), emailVerified: true })
    return read('/users?limit=5')()
  },
  'GET /v1/admin/users, by email': read(`/users?email=${ada.email}`),
  'GET /v1/admin/users/{id}': read(`/users/${adaId}`),
  'GET /v1/admin/users/{id}/events': read(`/users/${adaId}/events`),
  'GET /v1/admin/users/{id}/mail': read(`/users/${adaId}/mail`),
}

const names = Object.keys(LIMITS) as Name[]
const measured = new Map<Name, Cost & { readonly status: number }>()

function costOf(name: Name): Cost & { readonly status: number } {
  const cost = measured.get(name)
  if (!cost) throw new Error(`${name} was not measured`)
  return cost
}

/**
 * The cheapest of three: the first request of a kind opens connections, and now and then one of them splits a page of an
 * index, or tidies up a page that others have changed.
 */
async function measure(prepare: Prepare): Promise<Cost & { readonly status: number }> {
  let status = 0
  const costs: Cost[] = []
  for (let round = 0; round < 3; round += 1) {
    const send = await prepare()
    costs.push(
      await postgres.costOf(async () => {
        status = (await send()).status
      }),
    )
  }
  const least = (of: (cost: Cost) => number) => Math.min(...costs.map(of))
  return {
    status,
    statements: least(({ statements }) => statements),
    commits: least(({ commits }) => commits),
    walBytes: least(({ walBytes }) => walBytes),
    hashes: least(({ hashes }) => hashes),
  }
}

beforeAll(async () => {
  for (const name of names) measured.set(name, await measure(REQUESTS[name]))
}, 60_000)

test.each(names)('%s costs at most what the table says', (name) => {
  const [statements, commits, walBytes, hashes] = LIMITS[name]
  const isGuess = /wrong password|unknown address/.test(name) && name.startsWith('POST /v1/login')

  const cost = costOf(name)

  expect(isGuess ? [401] : [200, 202, 204]).toContain(cost.status)
  expect(cost.statements).toBeLessThanOrEqual(statements)
  expect(cost.commits).toBeLessThanOrEqual(commits)
  expect(cost.walBytes).toBeLessThanOrEqual(walBytes)
  expect(cost.hashes).toBe(hashes)
})

test.each(ALIKE)('%s costs the same as %s', (one, other) => {
  const { walBytes, ...counts } = costOf(one)
  const { walBytes: otherWalBytes, ...otherCounts } = costOf(other)

  expect(counts).toEqual(otherCounts)
  // An update writes only the bytes that have changed, of a hash or of a time, so the figures are not exactly equal.
  expect(Math.abs(walBytes - otherWalBytes)).toBeLessThan(100)
})

test('one statement, one commit or one password hash more is counted', async () => {
  const change = { text: 'UPDATE accounts SET locale = locale WHERE id = $1', values: [adaId] }

  const nothing = await postgres.costOf(async () => undefined)
  const statement = await postgres.costOf(() => deps.pool.query('SELECT 1'))
  const commit = await postgres.costOf(() => deps.pool.query(change))
  const hash = await postgres.costOf(() => bcrypt.hash('password', 4))

  expect(nothing).toEqual({ statements: 0, commits: 0, walBytes: 0, hashes: 0 })
  expect(statement).toEqual({ ...nothing, statements: 1 })
  expect(commit).toEqual({ statements: 1, commits: 1, walBytes: expect.any(Number), hashes: 0 })
  expect(commit.walBytes).toBeGreaterThan(50)
  expect(hash).toEqual({ ...nothing, hashes: 1 })
})
