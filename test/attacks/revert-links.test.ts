import { expect, test } from '@jest/globals'
import type { Answer } from '../support/api.ts'
import '../support/matchers.ts'
import type { Person } from '../support/people.ts'
import { openSupportDesk } from '../support/support-desk.ts'
import { startTestApp } from '../support/test-app.ts'
import { until } from '../support/until.ts'

/** Revert links are ordered by who held the account first: findings 2 and 7 of the security review, and C4 and C5. */
const testApp = await startTestApp()
const { api, clock, deps, mailbox, people } = testApp
const desk = await openSupportDesk(testApp)
const NEW = 'Battery-Staple-8'
const DAY = 86_400

function revert(token: string): Promise<Answer> {
  return api.post('/v1/email/change/revert', { token })
}

function checkRevert(token: string): Promise<Answer> {
  return api.post('/v1/email/change/revert/check', { token })
}

function logIn(email: string, password: string): Promise<Answer> {
  return api.post('/v1/login', { email, password })
}

/** Resets the password with a link that is mailed to the address now. */
async function resetPassword(email: string, newPassword: string): Promise<void> {
  await api.post('/v1/password/forgot', { email })
  const token = await mailbox.token(email, 'reset_password')
  expect(await api.post('/v1/password/reset', { token, newPassword })).toHaveStatus(204)
}

/** A person's account, which somebody who reads their mailbox for some minutes has moved to `lair` and back. */
async function movedAwayAndBack() {
  const ada = await people.verified()
  const home = ada.email
  const lair = people.newEmail('lair')
  await resetPassword(home, 'Of-A-Thief-9')
  const thief = await people.signedIn(home, 'Of-A-Thief-9')
  await people.move(thief, lair)
  await people.move(thief, home)
  const planted = await mailbox.token(lair, 'email_changed')
  return { home, lair, thief, planted, early: await mailbox.token(lair, 'email_change_requested') }
}

test('the revert link of a thief who moved the account away and back does not survive the owner’s recovery', async () => {
  const { home, lair, planted, early } = await movedAwayAndBack()
  await resetPassword(home, NEW)
  const owner = await people.signedIn(home, NEW)
  await owner.delete('/v1/sessions')
  const id = (await owner.get('/v1/me')).body.id
  await desk.patch(`/users/${id}`, { disabled: true })

  for (const token of [planted, early]) {
    expect(await checkRevert(token)).toRefuse('link_expired')
    expect(await revert(token)).toRefuse('link_expired')
  }

  await desk.patch(`/users/${id}`, { disabled: false })
  expect(await revert(planted)).toRefuse('link_expired')
  expect(await logIn(home, NEW)).toHaveStatus(200)
  expect(await desk.addressState(lair)).toBe('locked')
})

test('the revert link of a thief who moved the account away and back is over after the owner has moved on, too', async () => {
  const { home, planted } = await movedAwayAndBack()
  await resetPassword(home, NEW)
  const owner = await people.signedIn(home, NEW)
  const next = people.newEmail()
  await people.move(owner, next)

  expect(await revert(planted)).toRefuse('link_expired')

  expect((await owner.get('/v1/me')).body.email).toBe(next)
})

test('a thief who moves the account through several addresses and back has no revert link that works', async () => {
  const ada = await people.verified()
  const home = ada.email
  const thief = await ada.logIn()
  const lairs = [people.newEmail('lair'), people.newEmail('lair'), people.newEmail('lair')]
  const [first = ''] = lairs
  for (const lair of [...lairs, first, home]) await people.move(thief, lair)
  const links: string[] = []
  for (const lair of lairs) links.push(await mailbox.token(lair, 'email_changed'))

  for (const link of links) expect(await revert(link)).toRefuse('link_expired')

  expect((await thief.get('/v1/me')).body.email).toBe(home)
})

test('the owner’s revert link works after a thief has moved the account away, back and away again', async () => {
  const ada = await people.verified()
  const home = ada.email
  const thief = await ada.logIn()
  await people.move(thief, people.newEmail('lair'))
  const link = await mailbox.token(home, 'email_changed')
  for (const next of [home, people.newEmail('lair'), home, people.newEmail('lair')]) await people.move(thief, next)

  expect((await revert(link)).body).toEqual({ email: home, outcome: 'restored' })

  expect(await thief.refresh()).toRefuse('refresh_token_invalid')
})

test('C5: of three addresses left one after the other, the links work towards the earliest in every order', async () => {
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ]
  for (const order of orders) {
    const ada = await people.verified()
    const left = [ada.email, people.newEmail('b'), people.newEmail('c')]
    for (const next of [...left.slice(1), people.newEmail('d')]) await people.move(ada, next)
    const links: string[] = []
    for (const email of left) links.push(await mailbox.token(email, 'email_changed'))

    let earliest = left.length
    for (const index of order) {
      const answer = await revert(links[index] ?? '')
      if (index < earliest) expect(answer.body).toEqual({ email: left[index], outcome: 'restored' })
      else expect(answer).toRefuse('link_used')
      earliest = Math.min(earliest, index)
    }

    expect(await deps.db.account.count({ where: { email: left[0] ?? '' } })).toBe(1)
  }
})

/** Waits until this many statements of the test's database wait for a lock. */
async function untilWaiting(count: number): Promise<void> {
  await until(async () => {
    const { rows } = await deps.pool.query(
      `SELECT count(*)::int AS waiting FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event IN ('transactionid', 'tuple', 'advisory')`,
    )
    return rows[0].waiting >= count
  })
}

/** Holds the address back, so that a revert takes its row lock on the account and then has to wait. */
async function holdingAddress(email: string, during: () => Promise<void>): Promise<void> {
  const client = await deps.pool.connect()
  try {
    await client.query('BEGIN')
    await client.query('SELECT 1 FROM addresses WHERE address = $1 FOR UPDATE', [email])
    await during()
    await client.query('COMMIT')
  } finally {
    client.release()
  }
}

test('a revert link that the worker creates while the owner reverts cannot undo the revert', async () => {
  const ada = await people.verified()
  const home = ada.email
  const thief = await ada.logIn()
  const lair = people.newEmail('lair')
  await people.move(thief, lair)
  const ownersLink = await mailbox.token(home, 'email_changed')
  await thief.changeEmail(people.newEmail('lair'))
  await deps.pool.query('UPDATE graphile_worker._private_jobs SET run_at = now()')

  let reverting: Promise<Answer> | undefined
  let working: Promise<void> | undefined
  await holdingAddress(lair, async () => {
    reverting = revert(ownersLink)
    await untilWaiting(1)
    working = mailbox.work()
    await untilWaiting(2)
  })
  await working

  expect((await reverting)?.body).toEqual({ email: home, outcome: 'restored' })
  const links = (await mailbox.to(lair)).flatMap(({ token }) => token ?? [])
  for (const link of links) expect([400, 410]).toContain((await revert(link)).status)
  expect((await mailbox.to(lair)).filter(({ kind }) => kind === 'email_change_requested')).toEqual([])
  const token = await mailbox.token(home, 'reset_after_revert')
  expect(await api.post('/v1/password/reset', { token, newPassword: NEW })).toHaveStatus(204)
  expect(await logIn(home, NEW)).toHaveStatus(200)
})

test('a revert link to a later address, mailed before the owner reverted, is over even if its change was not confirmed', async () => {
  const ada = await people.verified()
  const home = ada.email
  const thief = await ada.logIn()
  const lair = people.newEmail('lair')
  await people.move(thief, lair)
  await thief.changeEmail(people.newEmail('lair'))
  const planted = await mailbox.token(lair, 'email_change_requested')

  await revert(await mailbox.token(home, 'email_changed'))

  expect(await revert(planted)).toRefuse('link_used')
  expect(await deps.db.account.count({ where: { email: home } })).toBe(1)
})

async function disabledAfterTheft(): Promise<{ home: string; lair: string; id: string; thief: Person; link: string }> {
  const ada = await people.verified()
  const home = ada.email
  const thief = await ada.logIn()
  const lair = people.newEmail('lair')
  await people.move(thief, lair)
  const id = (await thief.get('/v1/me')).body.id
  await desk.patch(`/users/${id}`, { disabled: true })
  return { home, lair, id, thief, link: await mailbox.token(home, 'email_changed') }
}

test('the owner’s revert link restores the address of a disabled account, which stays disabled', async () => {
  const { home, id, link } = await disabledAfterTheft()

  expect((await checkRevert(link)).body.outcome).toBe('restored')
  expect((await revert(link)).body).toEqual({ email: home, outcome: 'restored' })

  expect((await desk.get(`/users/${id}`)).body).toMatchObject({ email: home, disabled: true, hasPassword: false })
})

test('a person who gave up an address long ago can revert a return to it that they did not make', async () => {
  const ada = await people.verified()
  const givenUp = ada.email
  const home = people.newEmail()
  await people.move(ada, home)
  clock.advance(8 * DAY) // longer than a revert link of that move works
  const thief = await people.signedIn(home, ada.password)
  await people.move(thief, givenUp)

  expect((await revert(await mailbox.token(home, 'email_changed'))).body).toEqual({ email: home, outcome: 'restored' })
})
