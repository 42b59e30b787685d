import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'
import { afterAll, expect, jest, test } from '@jest/globals'
import bcrypt from 'bcrypt'
import pg from 'pg'
import type { Answer } from '../support/api.ts'
import { eventsOf } from '../support/audit.ts'
import { untilWaitingForLocks } from '../support/lock-waits.ts'
import '../support/matchers.ts'
import { occupyLane } from '../support/occupied-lane.ts'
import type { Person } from '../support/people.ts'
import { startTestApp } from '../support/test-app.ts'

/** The stored hashes whose next comparison is delayed. The result of the comparison is real. */
const held = new Map<string, { reached: () => void; released: Promise<void> }>()
const { compare } = bcrypt
jest.spyOn(bcrypt, 'compare').mockImplementation(async (secret, passwordHash) => {
  const fits = await compare(secret, passwordHash)
  const hold = held.get(passwordHash)
  held.delete(passwordHash)
  hold?.reached()
  await hold?.released
  return fits
})
// A comparison that is held up has a place in the lane. There must be another place, however few cores the machine has.
jest.spyOn(os, 'availableParallelism').mockReturnValue(4)
syncBuiltinESMExports()
afterAll(() => {
  jest.restoreAllMocks()
  syncBuiltinESMExports()
})

const { api, databaseUrl, deps, mailbox, people, serviceToken, logIn, resetToken } = await startTestApp()
const NEW = 'Battery-Staple-8'

/** Starts a request that compares the person's password, and runs `meanwhile` between the comparison and what follows it. */
async function duringComparison(
  person: Person,
  begin: () => Promise<Answer>,
  meanwhile: () => Promise<Answer>,
): Promise<{ slow: Answer; quick: Answer }> {
  const { passwordHash } = await deps.db.account.findFirstOrThrow({ where: { email: person.email } })
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const reached = new Promise<void>((resolve) => {
    held.set(passwordHash?.replace(/^v1\$[^$]+/, '') ?? '', { reached: resolve, released })
  })
  const begun = begin()
  await reached
  try {
    const quick = await meanwhile()
    release()
    return { slow: await begun, quick }
  } finally {
    release()
  }
}

/** A person whose hash comes from another system: the next sign-in with the correct password replaces it. */
async function withImportedHash(): Promise<Person> {
  const person = await people.verified()
  const passwordHash = await bcrypt.hash(person.password, 4)
  await deps.db.account.updateMany({ where: { email: person.email }, data: { passwordHash } })
  return person
}

async function liveSessionsOf(email: string): Promise<number> {
  return deps.db.session.count({ where: { account: { email }, endedAt: null } })
}

test('T8: a sign-in whose comparison passed before a reset was committed opens no session', async () => {
  const ada = await people.verified()
  const token = await resetToken(ada.email)

  const { slow, quick } = await duringComparison(
    ada,
    () => logIn(ada.email),
    () => api.post('/v1/password/reset', { token, newPassword: NEW }),
  )

  expect(quick).toHaveStatus(204)
  expect(slow).toRefuse('invalid_credentials')
  expect(await liveSessionsOf(ada.email)).toBe(0)
})

test('T8: a sign-in at the old address that began before an email change was confirmed opens no session', async () => {
  const ada = await people.verified()
  const newEmail = people.newEmail()
  await ada.changeEmail(newEmail)
  const token = await mailbox.token(newEmail, 'confirm_email')

  const { slow, quick } = await duringComparison(
    ada,
    () => logIn(ada.email),
    () => api.post('/v1/email/change/confirm', { token }),
  )

  expect(quick).toHaveStatus(200)
  expect(slow).toRefuse('invalid_credentials')
  expect(await liveSessionsOf(newEmail)).toBe(1) // the one that asked
})

test('T8: a sign-in that began before the account was disabled opens no session', async () => {
  const ada = await people.verified()
  const where = { email: ada.email }

  const { slow } = await duringComparison(
    ada,
    () => logIn(ada.email),
    async () => {
      await deps.db.account.updateMany({ where, data: { disabledAt: deps.clock.now() } })
      return api.get('/health/live')
    },
  )

  expect(slow).toRefuse('invalid_credentials')
})

test('T8: a sign-in succeeds although another device has replaced the hash of the same password meanwhile', async () => {
  const ada = await withImportedHash()

  const { slow, quick } = await duringComparison(
    ada,
    () => logIn(ada.email),
    () => logIn(ada.email),
  )

  expect(quick).toHaveStatus(200)
  expect(slow).toHaveStatus(200)
})

test('T8: a password change succeeds although another device has replaced the hash of the same password meanwhile', async () => {
  const ada = await withImportedHash()

  const { slow, quick } = await duringComparison(
    ada,
    () => ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: NEW }),
    () => logIn(ada.email),
  )

  expect(quick).toHaveStatus(200)
  expect(slow).toHaveStatus(200)
})

test('T8: a password change whose comparison passed before a reset was committed does not undo it', async () => {
  const ada = await people.verified()
  const token = await resetToken(ada.email)

  const { slow } = await duringComparison(
    ada,
    () => ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: 'Thief-Staple-9' }),
    () => api.post('/v1/password/reset', { token, newPassword: NEW }),
  )

  expect(slow).toRefuse('unauthenticated')
  expect(await logIn(ada.email, NEW)).toHaveStatus(200)
})

test('C9: an email change is refused if its session is revoked while the password is compared', async () => {
  const ada = await people.verified()
  const thief = await ada.logIn()
  const lair = people.newEmail('thief')

  const { slow, quick } = await duringComparison(
    ada,
    () => thief.post('/v1/email/change', { newEmail: lair, currentPassword: ada.password }),
    () => ada.delete(`/v1/sessions/${thief.tokens.sessionId}`),
  )

  expect(quick).toHaveStatus(204)
  expect(slow).toRefuse('unauthenticated')
  expect(await mailbox.kinds(lair)).toEqual([])
})

test('T4: a password change is refused if its session is revoked while the password is compared', async () => {
  const ada = await people.verified()
  const thief = await ada.logIn()

  const { slow, quick } = await duringComparison(
    ada,
    () => thief.post('/v1/password/change', { currentPassword: ada.password, newPassword: 'Thief-Staple-9' }),
    () => ada.delete(`/v1/sessions/${thief.tokens.sessionId}`),
  )

  expect(quick).toHaveStatus(204)
  expect(slow).toRefuse('unauthenticated')
  expect(await logIn(ada.email)).toHaveStatus(200)
  expect(await ada.get('/v1/me')).toHaveStatus(200)
})

test('C9: an email change is refused if the same session changes the password while it is compared', async () => {
  const ada = await people.verified()
  const elsewhere = people.newEmail()

  const { slow, quick } = await duringComparison(
    ada,
    () => ada.changeEmail(elsewhere),
    () => ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: NEW }),
  )

  expect(quick).toHaveStatus(200)
  expect(slow).toRefuse('unauthenticated')
  expect(await mailbox.kinds(elsewhere)).toEqual([])
})

test('C9: an email change ends if reuse of its session’s refresh token is detected while it is requested', async () => {
  const ada = await people.verified()
  const stolen = ada.tokens.refreshToken
  await ada.refresh()
  await ada.refresh()
  const lair = people.newEmail('thief')
  const { body } = await ada.post('/v1/reauthenticate', { currentPassword: ada.password })

  const [asked, reused] = await lockedOut(
    `SELECT 1 FROM sessions WHERE id = '${ada.tokens.sessionId}' FOR UPDATE`,
    () => ada.post('/v1/email/change', { newEmail: lair, reauthToken: body.reauthToken }),
    () => api.post('/v1/token/refresh', { refreshToken: stolen }),
  )

  expect(reused).toRefuse('refresh_token_reused')
  expect([202, 401]).toContain(asked?.status)
  await mailbox.drain()
  const [mail] = await mailbox.to(lair)
  if (mail) expect(await api.post('/v1/email/change/confirm', { token: mail.token })).toRefuse('link_expired')
  expect(await deps.db.account.count({ where: { email: ada.email } })).toBe(1)
})

test('C9: a refresh that waits while its session’s email change is confirmed succeeds', async () => {
  const ada = await people.verified()
  const { id } = await deps.db.account.findFirstOrThrow({ where: { email: ada.email } })

  const [refreshed] = await lockedOut(
    `UPDATE accounts SET credential_version = credential_version + 1 WHERE id = '${id}';
     UPDATE sessions SET credential_version = credential_version + 1 WHERE id = '${ada.tokens.sessionId}'`,
    () => api.post('/v1/token/refresh', { refreshToken: ada.tokens.refreshToken }),
  )

  expect(refreshed).toHaveStatus(200)
  expect(await api.get('/v1/me', { token: refreshed?.body.accessToken })).toHaveStatus(200)
})

test('T2: reuse of a refresh token is recorded although its statement loses a deadlock', async () => {
  const ada = await people.verified()
  const { id: accountId } = (await ada.get('/v1/me')).body
  const stolen = ada.tokens.refreshToken
  await ada.refresh()
  await ada.refresh()
  await ada.changeEmail(people.newEmail())
  await loseDeadlockAtNextUpdateOf('email_changes')

  const reused = await api.post('/v1/token/refresh', { refreshToken: stolen })

  expect(await updatesSinceThen()).toBe(2)
  expect(reused).toRefuse('refresh_token_reused')
  expect(await eventsOf(deps, 'session.refresh_token_reused', accountId)).toHaveLength(1)
  expect(await deps.db.securityEvent.count({ where: { accountId } })).toBe(1)
})

/**
 * The next update of the table fails as if PostgreSQL had aborted it to end a deadlock. A sequence counts the updates,
 * because a rollback does not take its numbers back.
 */
async function loseDeadlockAtNextUpdateOf(table: string): Promise<void> {
  await deps.pool.query(`
    CREATE SEQUENCE updates;
    CREATE FUNCTION lose_first() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('updates') = 1 THEN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER lose_first BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION lose_first()`)
}

async function updatesSinceThen(): Promise<number> {
  const { rows } = await deps.pool.query<{ updates: number }>('SELECT last_value::int AS updates FROM updates')
  return rows[0]?.updates ?? 0
}

test.each(['/v1/reauthenticate', '/v1/email/change', '/v1/password/change'])(
  '%s answers 401 if the account is erased while the password is compared',
  async (path) => {
    const ada = await people.verified()
    const { id } = await deps.db.account.findFirstOrThrow({ where: { email: ada.email } })
    const token = await serviceToken('users:delete')
    const asked = { currentPassword: ada.password, newPassword: NEW, newEmail: people.newEmail() }
    const { [path === '/v1/email/change' ? 'newPassword' : 'newEmail']: _, ...body } = asked
    if (path === '/v1/reauthenticate') Reflect.deleteProperty(body, 'newPassword')

    const { slow, quick } = await duringComparison(
      ada,
      () => ada.post(path, body),
      () => api.delete(`/v1/admin/users/${id}`, { token }),
    )

    expect(quick).toHaveStatus(204)
    expect(slow).toRefuse('unauthenticated')
  },
)

/** Holds a lock, starts the requests one after the other until all wait for it, and releases it. They then run in that order. */
function lockedOut(lock: string, ...requests: Array<() => Promise<Answer>>): Promise<Answer[]> {
  return heldUp(lock, requests, () => undefined)
}

async function openTransaction(lock: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query('BEGIN')
  await client.query(lock)
  return client
}

async function heldUp(
  lock: string,
  requests: Array<() => Promise<Answer>>,
  meanwhile: () => unknown,
): Promise<Answer[]> {
  const client = await openTransaction(lock)
  try {
    const begun = []
    for (const [index, request] of requests.entries()) {
      begun.push(request())
      await untilWaitingForLocks(deps.pool, index + 1)
    }
    meanwhile()
    await client.query('COMMIT')
    return await Promise.all(begun)
  } finally {
    await client.end()
  }
}

test('an email change that waits for an erasure does not get the erased address', async () => {
  const bob = await people.verified()
  const wanted = people.newEmail('wanted')
  await bob.changeEmail(wanted)
  const confirmLink = await mailbox.token(wanted, 'confirm_email')
  await people.verified({ email: wanted })
  const { id } = await deps.db.account.findFirstOrThrow({ where: { email: wanted } })
  const token = await serviceToken('users:delete')

  const [erased, moved] = await lockedOut(
    `SELECT 1 FROM mails WHERE account_id = '${id}' OR address = '${wanted}' FOR UPDATE`,
    () => api.delete(`/v1/admin/users/${id}`, { token }),
    () => api.post('/v1/email/change/confirm', { token: confirmLink }),
  )

  expect(erased).toHaveStatus(204)
  expect(moved).toRefuse('email_unavailable')
  expect((await bob.get('/v1/me')).body.email).toBe(bob.email)
})

test.each(['before', 'after'])('T8: the tokens of a refresh just %s a reset do not work', async (when) => {
  const ada = await people.verified()
  const token = await resetToken(ada.email)
  const { refreshToken, sessionId } = ada.tokens
  const refresh = () => api.post('/v1/token/refresh', { refreshToken })
  const reset = () => api.post('/v1/password/reset', { token, newPassword: NEW })

  const answers = await lockedOut(
    `SELECT 1 FROM sessions WHERE id = '${sessionId}' FOR UPDATE`,
    ...(when === 'before' ? [refresh, reset] : [reset, refresh]),
  )

  const [refreshed, wasReset] = when === 'before' ? answers : answers.reverse()
  expect(wasReset).toHaveStatus(204)
  if (when === 'after') expect(refreshed).toRefuse('refresh_token_invalid')
  if (refreshed?.status === 200) {
    expect(await api.get('/v1/me', { token: refreshed.body.accessToken })).toRefuse('unauthenticated')
    const successor = { refreshToken: refreshed.body.refreshToken }
    expect(await api.post('/v1/token/refresh', successor)).toRefuse('refresh_token_invalid')
  }
  expect(await liveSessionsOf(ada.email)).toBe(0)
})

test('M3: a sign-in keeps its place in the lane for the upgrade of its hash, however many others wait', async () => {
  const ada = await withImportedHash()
  let freeLane = async (): Promise<void> => undefined

  const { slow } = await duringComparison(
    ada,
    () => logIn(ada.email),
    async () => {
      freeLane = occupyLane(deps)
      return api.get('/health/live')
    },
  )
  await freeLane()

  expect(slow).toHaveStatus(200)
  const { passwordHash } = await deps.db.account.findFirstOrThrow({ where: { email: ada.email } })
  expect(passwordHash).toMatch(/^v1\$/)
})

test('registration, verification and reset of one address at the same moment make one account with one password', async () => {
  for (let round = 0; round < 5; round += 1) {
    const email = people.newEmail()
    await api.post('/v1/register', { email, password: 'First-Horse-7' })
    const verification = await mailbox.token(email, 'verify_email')
    await api.post('/v1/register', { email: email.toUpperCase(), password: 'Second-Horse-7' })
    const other = await mailbox.token(email, 'verify_email')
    const token = await resetToken(email)

    const answers = await Promise.all([
      api.post('/v1/email/verify', { token: verification }),
      api.post('/v1/email/verify', { token: other }),
      api.post('/v1/password/reset', { token, newPassword: NEW }),
      api.post('/v1/register', { email, password: 'Third-Horse-7' }),
    ])

    const statuses = answers.slice(0, 3).map(({ status }) => status)
    expect(statuses.filter((status) => status < 300)).toHaveLength(1)
    expect(statuses.filter((status) => status === 410)).toHaveLength(2)
    expect(await deps.db.account.count({ where: { email: { equals: email, mode: 'insensitive' } } })).toBe(1)
    const winner = ['First-Horse-7', 'Second-Horse-7', NEW][statuses.findIndex((status) => status < 300)] ?? ''
    for (const password of ['First-Horse-7', 'Second-Horse-7', NEW]) {
      const { status } = await api.post('/v1/login', { email, password }, { ip: `203.0.113.${round}` })
      expect(status === 200).toBe(password === winner)
    }
  }
})

test('fifty concurrent registrations of one address, in any spelling, open one account', async () => {
  const email = people.newEmail()
  const spellings = Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? email : email.toUpperCase()))
  const answers = await Promise.all(
    spellings.map((spelling) => api.post('/v1/register', { email: spelling, password: NEW })),
  )
  const mails = await mailbox.to(email)
  const tokens = mails.map(({ token }) => token)

  const opened = await Promise.all(tokens.map((token) => api.post('/v1/email/verify', { token })))

  expect(answers.filter(({ status }) => status !== 202 && status !== 503)).toEqual([])
  const count = (kind: string) => mails.filter((mail) => mail.kind === kind).length
  expect(count('verify_email')).toBeLessThanOrEqual(5)
  expect(count('choose_password')).toBeLessThanOrEqual(1) // the mail in reserve, for the owner of the address
  expect(count('verify_email') + count('choose_password')).toBe(mails.length)
  expect(opened.filter(({ status }) => status === 200)).toHaveLength(1)
  expect(await deps.db.account.count({ where: { email: { equals: email, mode: 'insensitive' } } })).toBe(1)
})

test('whatever a thief does at the moment of the owner’s revert, the owner has the account', async () => {
  for (let round = 0; round < 5; round += 1) {
    const ada = await people.verified()
    const lair = people.newEmail('thief')
    await ada.changeEmail(lair)
    await api.post('/v1/email/change/confirm', { token: await mailbox.token(lair, 'confirm_email') })
    await ada.refresh()
    const thief = ada
    const revertLink = await mailbox.token(ada.email, 'email_changed')
    const resetLink = await resetToken(lair)
    const next = people.newEmail('thief')
    await thief.changeEmail(next)
    const confirmLink = await mailbox.token(next, 'confirm_email')

    const [reverted, ...others] = await Promise.all([
      api.post('/v1/email/change/revert', { token: revertLink }),
      api.post('/v1/password/reset', { token: resetLink, newPassword: NEW }),
      api.post('/v1/email/change/confirm', { token: confirmLink }),
      thief.post('/v1/password/change', { currentPassword: ada.password, newPassword: 'Thief-Staple-9' }),
      logIn(lair),
      api.post('/v1/token/refresh', { refreshToken: thief.tokens.refreshToken }),
    ])

    expect(reverted).toHaveStatus(200)
    expect(others.filter(({ status }) => status >= 500)).toEqual([])
    const account = await deps.db.account.findFirstOrThrow({ where: { email: ada.email } })
    expect(account.passwordHash).toBeNull()
    expect(await liveSessionsOf(ada.email)).toBe(0)
    const tokens = others.flatMap(({ body }) => (body?.accessToken ? [body.accessToken] : []))
    for (const token of tokens) expect(await api.get('/v1/me', { token })).toRefuse('unauthenticated')
  }
})

test('all operations on one account at the same moment are answered, and leave the account consistent', async () => {
  const ada = await people.verified()
  const phone = await ada.logIn({ ip: '203.0.113.9' })
  const target = people.newEmail()
  await ada.changeEmail(target)
  const confirmLink = await mailbox.token(target, 'confirm_email')
  const cancelLink = await mailbox.token(ada.email, 'email_change_requested')
  const links = [await resetToken(ada.email), await resetToken(ada.email)]

  const storm = Array.from({ length: 4 }, (_, turn) => [
    api.post('/v1/email/change/confirm', { token: confirmLink }),
    api.post('/v1/password/reset', { token: links[turn % 2], newPassword: `Storm-Staple-${turn}` }),
    ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: `Change-Staple-${turn}` }),
    phone.changeEmail(people.newEmail()),
    api.delete('/v1/sessions', { token: phone.token }),
    api.post('/v1/token/refresh', { refreshToken: phone.tokens.refreshToken }),
    api.post('/v1/logout', { refreshToken: ada.tokens.refreshToken }),
    api.post('/v1/email/change/revert', { token: cancelLink }),
    api.post('/v1/password/forgot', { email: ada.email }),
    api.post('/v1/register', { email: ada.email, password: NEW }),
  ]).flat()
  const answers = await Promise.all(storm)
  await mailbox.drain()

  expect(answers.filter(({ status }) => status >= 500 && status !== 503).map(({ text }) => text)).toEqual([])
  expect(answers.filter(({ status, body }) => status === 503 && body.code !== 'overloaded')).toEqual([])
  const addresses = [ada.email, target]
  const accounts = await deps.db.account.findMany({
    where: { email: { in: addresses } },
    include: { addresses: true, sessions: true },
  })
  expect(accounts).toHaveLength(1)
  const [account] = accounts
  expect(account?.addresses.filter(({ lockedAt }) => lockedAt === null).map(({ address }) => address)).toEqual([
    account?.email,
  ])
  const live = account?.sessions.filter(({ endedAt }) => endedAt === null) ?? []
  expect(live.filter(({ credentialVersion }) => credentialVersion !== account?.credentialVersion)).toEqual([])
})
