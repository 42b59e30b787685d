import { expect, test } from '@jest/globals'
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
        locale: null,
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

test('a search in two ways at once is refused, and each of them is named', async () => {
  const answer = await desk.get('/users?email=a@example.com&emailPrefix=a')

  expect(answer).toRefuse('invalid_request')
  expect(answer.body.violations).toMatchObject([
    { field: 'email', rule: 'one' },
    { field: 'emailPrefix', rule: 'one' },
  ])
})
