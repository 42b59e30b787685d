import { expect, test } from '@jest/globals'
import type { Answer } from '../support/api.ts'
import '../support/matchers.ts'
import type { Person } from '../support/people.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, clock, deps, mailbox, people, logIn } = await startTestApp()
const NEW = 'Battery-Staple-8'

async function reauthenticate(person: Person): Promise<string> {
  const { body } = await person.post('/v1/reauthenticate', { currentPassword: person.password })
  return body.reauthToken
}

function confirm(token: string): Promise<Answer> {
  return api.post('/v1/email/change/confirm', { token })
}

function revert(token: string): Promise<Answer> {
  return api.post('/v1/email/change/revert', { token })
}

/** Requests the change, and returns the token of the confirm link. */
async function askToMove(person: Person, newEmail: string): Promise<string> {
  expect(await person.changeEmail(newEmail)).toHaveStatus(202)
  return mailbox.token(newEmail, 'confirm_email')
}

/** Requests the change, confirms it, and refreshes the session that requested it. */
async function move(person: Person, newEmail: string): Promise<void> {
  expect(await confirm(await askToMove(person, newEmail))).toHaveStatus(200)
  expect(await person.refresh()).toHaveStatus(200)
}

async function addressesOf(email: string): Promise<{ current: string[]; locked: string[] }> {
  const { id } = await deps.db.account.findFirstOrThrow({ where: { email } })
  const rows = await deps.db.address.findMany({ where: { accountId: id }, orderBy: { address: 'asc' } })
  return {
    current: rows.filter(({ lockedAt }) => lockedAt === null).map(({ address }) => address),
    locked: rows.filter(({ lockedAt }) => lockedAt !== null).map(({ address }) => address),
  }
}

test('C1: a stolen access token changes nothing without the password, and uses up no attempts', async () => {
  const ada = await people.verified()
  const newEmail = people.newEmail()

  for (let attempt = 0; attempt < 25; attempt += 1) {
    expect(await ada.post('/v1/email/change', { newEmail })).toRefuse('reauthentication_required')
  }
  const made = { newEmail, reauthToken: 'A'.repeat(43) }
  expect(await ada.post('/v1/email/change', made)).toRefuse('reauthentication_required')
  expect(await ada.post('/v1/email/change', { newEmail, reauthToken: ada.token })).toRefuse('reauthentication_required')
  expect(await ada.post('/v1/email/change', { newEmail, currentPassword: 'Wrong-Horse-7' })).toRefuse('wrong_password')
  expect(await mailbox.kinds(newEmail)).toEqual([])
  expect(await ada.changeEmail(newEmail)).toHaveStatus(202)
})

test('C1: a wrong password is refused even with a valid reauthentication token', async () => {
  const ada = await people.verified()
  const both = { newEmail: people.newEmail(), reauthToken: await reauthenticate(ada), currentPassword: 'Wrong-Horse-7' }

  expect(await ada.post('/v1/email/change', both)).toRefuse('wrong_password')
})

test('C2: a reauthentication token works in its own session, once, for five minutes', async () => {
  const ada = await people.verified()
  const phone = await ada.logIn()
  const bob = await people.verified()
  const change = (person: Person, reauthToken: string) =>
    person.post('/v1/email/change', { newEmail: people.newEmail(), reauthToken })

  const token = await reauthenticate(ada)
  expect(await change(phone, token)).toRefuse('reauthentication_required')
  expect(await change(bob, token)).toRefuse('reauthentication_required')
  expect(await change(ada, token)).toHaveStatus(202)
  expect(await change(ada, token)).toRefuse('reauthentication_required')

  const late = await reauthenticate(ada)
  clock.advance(301)
  await ada.refresh()
  expect(await change(ada, late)).toRefuse('reauthentication_required')
})

test('C2: of ten concurrent changes with one reauthentication token, one is accepted', async () => {
  const ada = await people.verified()
  const reauthToken = await reauthenticate(ada)

  const answers = await Promise.all(
    Array.from({ length: 10 }, () => ada.post('/v1/email/change', { newEmail: people.newEmail(), reauthToken })),
  )

  expect(answers.filter(({ status }) => status === 202)).toHaveLength(1)
  expect(answers.filter(({ body }) => body.code === 'reauthentication_required')).toHaveLength(9)
})

test('C2: a password change ends a reauthentication token, and a refused change does not consume it', async () => {
  const ada = await people.verified()
  const bob = await people.verified()
  const reauthToken = await reauthenticate(ada)

  expect(await ada.post('/v1/email/change', { newEmail: bob.email, reauthToken })).toRefuse('email_unavailable')
  expect(await ada.post('/v1/email/change', { newEmail: ada.email, reauthToken })).toRefuse('email_unchanged')
  expect(await ada.post('/v1/email/change', { newEmail: 'nobody', reauthToken })).toRefuse('invalid_email')
  const change = { currentPassword: ada.password, newPassword: NEW }
  ada.tokens = (await ada.post('/v1/password/change', change)).body

  const after = await ada.post('/v1/email/change', { newEmail: people.newEmail(), reauthToken })
  expect(after).toRefuse('reauthentication_required')
})

test('C3: of two accounts that confirm one new address concurrently, one gets it and the other keeps its own', async () => {
  for (let round = 0; round < 5; round += 1) {
    const wanted = people.newEmail()
    const [ada, bob] = [await people.verified(), await people.verified()]
    const links = [await askToMove(ada, wanted), await askToMove(bob, wanted)]

    const answers = await Promise.all(links.map(confirm))

    const winner = answers[0]?.status === 200 ? ada : bob
    const loser = winner === ada ? bob : ada
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    expect(answers.find(({ status }) => status === 409)).toRefuse('email_unavailable')
    expect(await addressesOf(wanted)).toEqual({ current: [wanted], locked: [winner.email] })
    expect(await addressesOf(loser.email)).toEqual({ current: [loser.email], locked: [] })
    expect(await loser.get('/v1/me')).toHaveStatus(200)
    expect(await logIn(wanted, winner.password)).toHaveStatus(200)
  }
})

test('C3: of a registration and an email change that take one address concurrently, one gets it', async () => {
  for (let round = 0; round < 5; round += 1) {
    const wanted = people.newEmail()
    const ada = await people.verified()
    await api.post('/v1/register', { email: wanted, password: NEW })
    const verification = await mailbox.token(wanted, 'verify_email')
    const link = await askToMove(ada, wanted)

    const [opened, moved] = await Promise.all([api.post('/v1/email/verify', { token: verification }), confirm(link)])

    expect([opened.status, moved.status]).toEqual(opened.status === 200 ? [200, 409] : [410, 200])
    expect(await deps.db.address.count({ where: { address: wanted } })).toBe(1)
    expect(await deps.db.account.count({ where: { email: wanted } })).toBe(1)
  }
})

test('C4: the owner’s revert link undoes everything a thief did', async () => {
  const ada = await people.verified()
  const thief = await ada.logIn()
  const lair = people.newEmail('thief')
  await move(thief, lair)
  await api.post('/v1/password/forgot', { email: lair })
  const thiefsReset = await mailbox.token(lair, 'reset_password')
  const thiefsNext = await askToMove(thief, people.newEmail('thief'))
  const reauthToken = await reauthenticate(thief)

  const answer = await revert(await mailbox.token(ada.email, 'email_changed'))

  expect(answer.body).toEqual({ email: ada.email, outcome: 'restored' })
  expect(await thief.get('/v1/me')).toRefuse('unauthenticated')
  expect(await thief.refresh()).toRefuse('refresh_token_invalid')
  expect(await thief.post('/v1/email/change', { newEmail: lair, reauthToken })).toRefuse('unauthenticated')
  expect(await confirm(thiefsNext)).toRefuse('link_expired')
  expect(await api.post('/v1/password/reset', { token: thiefsReset, newPassword: NEW })).toRefuse('link_expired')
  for (const email of [lair, ada.email]) expect(await logIn(email, ada.password)).toRefuse('invalid_credentials')
  expect(await addressesOf(ada.email)).toEqual({ current: [ada.email], locked: [lair] })

  await mailbox.drain()
  await api.post('/v1/password/forgot', { email: lair })
  expect((await mailbox.kinds(lair)).at(-1)).toBe('email_change_reverted')
  const token = await mailbox.token(ada.email, 'reset_after_revert')
  expect(await api.post('/v1/password/reset', { token, newPassword: NEW })).toHaveStatus(204)
  expect(await logIn(ada.email, NEW)).toHaveStatus(200)
})

test('C4: nothing that a thief does in the meantime ends the owner’s revert link', async () => {
  const ada = await people.verified()
  const thief = await ada.logIn()
  const lair = people.newEmail('thief')
  await move(thief, lair)
  const link = await mailbox.token(ada.email, 'email_change_requested')

  const change = { currentPassword: ada.password, newPassword: NEW }
  thief.tokens = (await thief.post('/v1/password/change', change)).body
  thief.password = NEW
  await api.post('/v1/password/forgot', { email: lair })
  const token = await mailbox.token(lair, 'reset_password')
  await api.post('/v1/password/reset', { token, newPassword: 'Another-Staple-9' })
  await api.delete('/v1/sessions', { token: thief.token })
  const again = await api.post('/v1/login', { email: lair, password: 'Another-Staple-9' })
  thief.tokens = again.body
  thief.password = 'Another-Staple-9'
  for (const next of [people.newEmail('thief'), lair, people.newEmail('thief')]) await move(thief, next)

  expect((await revert(link)).body).toEqual({ email: ada.email, outcome: 'restored' })
  expect((await addressesOf(ada.email)).current).toEqual([ada.email])
  expect(await thief.refresh()).toRefuse('refresh_token_invalid')
})

test('C4: a revert link wins over a confirm link that is opened at the same time', async () => {
  for (let round = 0; round < 5; round += 1) {
    const ada = await people.verified()
    const lair = people.newEmail('thief')
    const link = await askToMove(ada, lair)
    const cancel = await mailbox.token(ada.email, 'email_change_requested')

    const [confirmed, reverted] = await Promise.all([confirm(link), revert(cancel)])

    expect(reverted).toHaveStatus(200)
    expect([200, 410]).toContain(confirmed.status)
    expect((await addressesOf(ada.email)).current).toEqual([ada.email])
  }
})

/** An account that a thief has moved from address a to b and on to c, and the revert links that were mailed to a and b. */
async function movedTwice() {
  const ada = await people.verified()
  const [b, c] = [people.newEmail('b'), people.newEmail('c')]
  await move(ada, b)
  await move(ada, c)
  const links = { a: await mailbox.token(ada.email, 'email_changed'), b: await mailbox.token(b, 'email_changed') }
  return { a: ada.email, b, c, links }
}

test('C5: after two changes the earliest owner’s link wins, opened last', async () => {
  const { a, b, c, links } = await movedTwice()

  expect((await revert(links.b)).body).toEqual({ email: b, outcome: 'restored' })
  expect((await revert(links.a)).body).toEqual({ email: a, outcome: 'restored' })

  expect(await addressesOf(a)).toEqual({ current: [a], locked: [b, c].sort() })
})

test('C5: after two changes the earliest owner’s link wins, opened first', async () => {
  const { a, b, c, links } = await movedTwice()

  expect((await revert(links.a)).body).toEqual({ email: a, outcome: 'restored' })
  expect(await revert(links.b)).toRefuse('link_used')

  expect(await addressesOf(a)).toEqual({ current: [a], locked: [b, c].sort() })
})

test('C5: after two changes the earliest owner’s link wins, opened at once', async () => {
  for (let round = 0; round < 5; round += 1) {
    const { a, b, c, links } = await movedTwice()

    const [byA] = await Promise.all([revert(links.a), revert(links.b)])

    expect(byA.body).toEqual({ email: a, outcome: 'restored' })
    expect(await addressesOf(a)).toEqual({ current: [a], locked: [b, c].sort() })
  }
})

test('C5: instructions of a revert that was itself undone go to the address that is in force', async () => {
  const { a, b, links } = await movedTwice()
  const before = (await mailbox.kinds(b)).length

  await revert(links.b)
  await revert(links.a)

  const afterwards = (await mailbox.kinds(b)).slice(before)
  expect(afterwards).toEqual(['email_change_reverted'])
  expect((await mailbox.kinds(a)).filter((kind) => kind === 'reset_after_revert').length).toBeGreaterThan(0)
})

test('C6: registering somebody else’s address first gains nothing once its owner verifies it', async () => {
  const email = people.newEmail('victim')
  await api.post('/v1/register', { email, password: 'Thief-Horse-7' })
  const thiefsLink = await mailbox.token(email, 'verify_email')
  await api.post('/v1/register', { email, password: NEW })
  const own = await mailbox.token(email, 'verify_email')

  expect(await api.post('/v1/email/verify', { token: own })).toHaveStatus(200)

  expect(await logIn(email, 'Thief-Horse-7')).toRefuse('invalid_credentials')
  expect(await api.post('/v1/email/verify', { token: thiefsLink })).toRefuse('link_expired')
  expect(await logIn(email, NEW)).toHaveStatus(200)
})

test('C6: registering somebody else’s address first gains nothing once its owner resets the password', async () => {
  const email = people.newEmail('victim')
  await api.post('/v1/register', { email, password: 'Thief-Horse-7' })
  const thiefsLink = await mailbox.token(email, 'verify_email')
  await api.post('/v1/password/forgot', { email })
  const token = await mailbox.token(email, 'reset_password')

  expect(await api.post('/v1/password/reset', { token, newPassword: NEW })).toHaveStatus(204)

  expect(await logIn(email, 'Thief-Horse-7')).toRefuse('invalid_credentials')
  expect(await api.post('/v1/email/verify', { token: thiefsLink })).toRefuse('link_expired')
  expect(await logIn(email, NEW)).toHaveStatus(200)
})

test('C6: where several registered one address, a link asked for later lets the owner choose the password', async () => {
  const email = people.newEmail('victim')
  await api.post('/v1/register', { email, password: 'Thief-Horse-7' })
  await api.post('/v1/register', { email, password: 'Owner-Horse-7' })
  await api.post('/v1/email/verify/resend', { email })
  const token = await mailbox.token(email, 'choose_password')

  expect(await api.post('/v1/email/verify', { token })).toRefuse('link_invalid')
  expect(await api.post('/v1/password/reset', { token, newPassword: NEW })).toHaveStatus(204)

  expect(await logIn(email, 'Thief-Horse-7')).toRefuse('invalid_credentials')
  expect(await logIn(email, NEW)).toHaveStatus(200)
})

test('C6: registering somebody else’s address often gains nothing, because its owner can choose the password', async () => {
  const email = people.newEmail('victim')
  const asThief = { ip: '203.0.113.66' }
  for (let time = 0; time < 7; time += 1) await api.post('/v1/register', { email, password: 'Thief-Horse-7' }, asThief)
  await mailbox.drain()
  await api.post('/v1/register', { email, password: 'Owner-Horse-7' })
  await api.post('/v1/email/verify/resend', { email })

  const mails = await mailbox.to(email)
  expect(mails.map(({ kind }) => kind)).toEqual([...Array(5).fill('verify_email'), 'choose_password', 'verify_email'])
  const token = await mailbox.token(email, 'choose_password')
  expect(await api.post('/v1/password/reset', { token, newPassword: NEW })).toHaveStatus(204)
  for (const mail of mails.filter(({ kind }) => kind === 'verify_email')) {
    expect(await api.post('/v1/email/verify', { token: mail.token })).toRefuse('link_expired')
  }
  expect(await logIn(email, 'Thief-Horse-7')).toRefuse('invalid_credentials')
  expect(await logIn(email, NEW)).toHaveStatus(200)
})

test('C6: the last verification mail lets the owner choose the password if strangers have registered too', async () => {
  const email = people.newEmail('victim')
  await api.post('/v1/register', { email, password: 'Owner-Horse-7' })
  const asThief = { ip: '203.0.113.66' }
  for (let time = 0; time < 4; time += 1) await api.post('/v1/register', { email, password: 'Thief-Horse-7' }, asThief)
  await mailbox.drain()
  await api.post('/v1/email/verify/resend', { email })

  const kinds = await mailbox.kinds(email)
  expect(kinds).toEqual([...Array(5).fill('verify_email'), 'choose_password'])
})

test('C6: an address that is in use or locked receives no mail to choose a password', async () => {
  const used = (await people.verified()).email
  const locked = await people.lockedEmail()
  for (const email of [used, locked]) {
    const before = (await mailbox.kinds(email)).length
    for (let time = 0; time < 8; time += 1) {
      await api.post('/v1/register', { email, password: NEW }, { ip: `203.0.113.${time}` })
    }
    expect((await mailbox.kinds(email)).slice(before)).not.toContain('choose_password')
  }
})

test('C6: moving an account to somebody else’s address gains nothing once the owner of the address resets the password', async () => {
  const thief = await people.verified()
  const email = people.newEmail('victim')
  await move(thief, email) // the victim was talked into opening the link
  const phone = await logIn(email, thief.password)
  const pending = await askToMove(thief, people.newEmail('thief'))
  const reauthToken = await reauthenticate(thief)
  await api.post('/v1/password/forgot', { email })
  const token = await mailbox.token(email, 'reset_password')

  expect(await api.post('/v1/password/reset', { token, newPassword: NEW })).toHaveStatus(204)

  expect(await api.get('/v1/me', { token: phone.body.accessToken })).toRefuse('unauthenticated')
  expect(await thief.get('/v1/me')).toRefuse('unauthenticated')
  expect(await thief.post('/v1/email/change', { newEmail: people.newEmail(), reauthToken })).toRefuse('unauthenticated')
  expect(await thief.refresh()).toRefuse('refresh_token_invalid')
  expect(await confirm(pending)).toRefuse('link_expired')
  expect(await logIn(email, thief.password)).toRefuse('invalid_credentials')
})

test('C7: a confirm link changes nothing after the account was disabled or erased', async () => {
  const [disabled, erased] = [await people.verified(), await people.verified()]
  const [toOne, toOther] = [people.newEmail(), people.newEmail()]
  const [link, other] = [await askToMove(disabled, toOne), await askToMove(erased, toOther)]
  await deps.db.account.updateMany({ where: { email: disabled.email }, data: { disabledAt: clock.now() } })
  await deps.db.address.updateMany({
    where: { address: erased.email },
    data: { lockedAt: clock.now(), lockReason: 'account_erased' },
  })
  await deps.db.account.deleteMany({ where: { email: erased.email } })

  expect(await confirm(link)).toRefuse('link_expired')
  expect(await confirm(other)).toRefuse('link_invalid')

  expect(await deps.db.address.count({ where: { address: { in: [toOne, toOther] } } })).toBe(0)
  expect((await addressesOf(disabled.email)).current).toEqual([disabled.email])
})

test('C8: an account can take back its own former address, and nobody else can', async () => {
  const ada = await people.verified()
  const bob = await people.verified()
  const former = ada.email
  await move(ada, people.newEmail())

  const byBob = await bob.changeEmail(former)
  const byAda = await ada.changeEmail(former)
  await api.post('/v1/register', { email: former, password: NEW })

  expect(byBob).toRefuse('email_unavailable')
  expect(byAda).toHaveStatus(202)
  expect(await mailbox.kinds(former)).toContain('address_locked')
  expect(await confirm(await mailbox.token(former, 'confirm_email'))).toHaveStatus(200)
  expect((await addressesOf(former)).current).toEqual([former])
})

test('C8: a locked address receives no reset link, even if somebody has registered it', async () => {
  const ada = await people.verified()
  const former = ada.email
  await move(ada, people.newEmail())
  await api.post('/v1/register', { email: former, password: NEW })

  await api.post('/v1/password/forgot', { email: former })

  expect((await mailbox.kinds(former)).filter((kind) => kind === 'reset_password')).toEqual([])
})

test('C9: revoking the session that requested a change ends the change', async () => {
  const ada = await people.verified()
  const endings = [
    (thief: Person) => ada.delete(`/v1/sessions/${thief.tokens.sessionId}`),
    () => ada.delete('/v1/sessions'),
    async (thief: Person) => {
      const stolen = thief.tokens.refreshToken
      await thief.refresh()
      await thief.refresh()
      await api.post('/v1/token/refresh', { refreshToken: stolen })
    },
  ]
  for (const end of endings) {
    const thief = await ada.logIn()
    const link = await askToMove(thief, people.newEmail('thief'))

    await end(thief)

    expect(await confirm(link)).toRefuse('link_expired')
    expect(await ada.get('/v1/email/change')).toRefuse('not_found')
  }
  expect((await addressesOf(ada.email)).current).toEqual([ada.email])
})

test('C9: a change can be confirmed after the session that requested it has signed out', async () => {
  const ada = await people.verified()
  const link = await askToMove(ada, people.newEmail())

  await api.post('/v1/logout', { refreshToken: ada.tokens.refreshToken })

  expect(await confirm(link)).toHaveStatus(200)
})

test('L14: all accounts together cannot flood a stranger with confirm mails', async () => {
  const stranger = people.newEmail('stranger')
  for (const person of [await people.verified(), await people.verified()]) {
    for (let turn = 0; turn < 8; turn += 1) {
      expect(await person.changeEmail(stranger)).toHaveStatus(202)
      await mailbox.drain()
    }
  }

  expect(await mailbox.kinds(stranger)).toEqual(Array(10).fill('confirm_email'))
  clock.advance(3601)
  const owner = await people.verified()
  await owner.changeEmail(stranger)
  expect(await confirm(await mailbox.token(stranger, 'confirm_email'))).toHaveStatus(200)
})
