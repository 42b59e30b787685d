import { expect, test } from '@jest/globals'
import type { Answer } from '../support/api.ts'
import { untilWaitingForLocks } from '../support/lock-waits.ts'
import '../support/matchers.ts'
import type { Person } from '../support/people.ts'
import { openSupportDesk } from '../support/support-desk.ts'
import { startTestApp } from '../support/test-app.ts'

/** Revert links that are created or opened at a bad moment: during a revert, in another order, or while disabled. */
const testApp = await startTestApp()
const { api, deps, mailbox, people } = testApp
const desk = await openSupportDesk(testApp)
const NEW = 'Battery-Staple-8'

function revert(token: string): Promise<Answer> {
  return api.post('/v1/email/change/revert', { token })
}

function checkRevert(token: string): Promise<Answer> {
  return api.post('/v1/email/change/revert/check', { token })
}

function logIn(email: string, password: string): Promise<Answer> {
  return api.post('/v1/login', { email, password })
}

/** Every order in which three links can be opened. */
const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
]

test.each(ORDERS)(
  'C5: of three addresses left in turn, the earliest wins, opened in the order %i, %i, %i',
  async (...order) => {
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
  },
)

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
    await untilWaitingForLocks(deps.pool, 1)
    working = mailbox.work()
    await untilWaitingForLocks(deps.pool, 2)
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

test('the reset instructions that a revert of a disabled account withheld are mailed when it is enabled', async () => {
  const { home, id, link } = await disabledAfterTheft()
  await revert(link)
  expect((await mailbox.kinds(home)).filter((kind) => kind === 'reset_after_revert')).toEqual([])

  await desk.patch(`/users/${id}`, { disabled: false })

  const token = await mailbox.token(home, 'reset_after_revert')
  expect(await api.post('/v1/password/reset', { token, newPassword: NEW })).toHaveStatus(204)
  expect(await logIn(home, NEW)).toHaveStatus(200)
})
