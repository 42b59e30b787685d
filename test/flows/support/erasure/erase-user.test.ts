import { expect, test } from '@jest/globals'
import pg from 'pg'
import '../../../support/matchers.ts'
import { SENDGRID_PUBLIC_KEY, SendgridEvents } from '../../../support/sendgrid-events.ts'
import { openSupportDesk } from '../../../support/support-desk.ts'
import { startTestApp } from '../../../support/test-app.ts'

const testApp = await startTestApp({ env: { SENDGRID_WEBHOOK_PUBLIC_KEY: SENDGRID_PUBLIC_KEY } })
const provider = new SendgridEvents(testApp)
const { api, deps, people, mailbox, databaseUrl } = testApp
const desk = await openSupportDesk(testApp)

/** Somebody who has left traces in every table: a move, sessions, guesses, a receipt, links, a pending change. */
async function somebodyWithAPast(name: string) {
  const person = await people.verified({ email: people.newEmail(name) })
  const [first, second, third] = [person.email, people.newEmail(name), people.newEmail(name)]
  await person.changeEmail(second)
  await api.post('/v1/email/change/confirm', { token: await mailbox.token(second, 'confirm_email') })
  await api.post('/v1/login', { email: second, password: 'Wrong-Guess-1' }, { headers: { 'user-agent': `${name} UA` } })
  const { body } = await api.post('/v1/login', { email: second, password: person.password })
  const change = { newEmail: third, currentPassword: person.password }
  await api.post('/v1/email/change', change, { token: body.accessToken })
  const asked = await api.post('/v1/password/forgot', { email: second })
  const reset = await mailbox.token(second, 'reset_password')
  const revert = await mailbox.token(first, 'email_changed')
  const confirm = await mailbox.token(third, 'confirm_email')
  await provider.post(...(await Promise.all([first, second, third].map(bounce))))
  const id = await desk.idOf(second)
  return {
    id,
    first,
    second,
    third,
    receipt: asked.body.receipt,
    reset,
    revert,
    confirm,
    accessToken: body.accessToken,
  }
}

async function bounce(email: string) {
  return provider.event(await provider.mailTo(email), 'bounce', { type: 'bounce', reason: `no mailbox ${email}` })
}

/** Every row of every table of ours, and of the queue, as text. */
async function wholeDatabase(): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'graphile_worker')`,
  )
  const texts: string[] = []
  for (const { name } of tables) {
    const { rows } = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)
    texts.push(...rows.map(({ row }) => `${name} ${row}`))
  }
  await client.end()
  return texts.join('\n')
}

test('a change to an address is refused if a person who had it since has been erased', async () => {
  const bob = await people.verified()
  const wanted = people.newEmail('wanted')
  await bob.changeEmail(wanted)
  const token = await mailbox.token(wanted, 'confirm_email')
  await people.verified({ email: wanted })
  await desk.delete(`/users/${await desk.idOf(wanted)}`)

  const answer = await api.post('/v1/email/change/confirm', { token })

  expect(answer).toRefuse('email_unavailable')
  expect((await bob.get('/v1/me')).body.email).toBe(bob.email)
})

test('erasing removes the address from the requests of others and from failed ones, and leaves the links of others alone', async () => {
  const bob = await people.verified()
  const wanted = people.newEmail('wanted')
  await bob.changeEmail(wanted)
  const notice = await mailbox.token(bob.email, 'email_change_requested')
  await people.move(bob, people.newEmail())
  await people.verified({ email: wanted })
  await desk.delete(`/users/${await desk.idOf(wanted)}`)

  const left = JSON.stringify([await deps.db.emailChange.findMany(), await deps.db.mail.findMany()])

  expect(left).not.toContain(wanted)
  expect(await api.post('/v1/email/change/revert', { token: notice })).toHaveStatus(200)
})

test('erasing a person leaves nothing of them in any table, and the addresses locked', async () => {
  const gone = await somebodyWithAPast('zebulon')
  const before = await wholeDatabase()

  const erased = await desk.delete(`/users/${gone.id}`)

  const after = await wholeDatabase()
  expect(erased).toHaveStatus(204)
  expect(before).toContain('zebulon UA')
  expect(after.split('\n').filter((row) => row.includes('zebulon') || row.includes(gone.receipt))).toEqual([])
  expect(await desk.get(`/users/${gone.id}`)).toRefuse('not_found')
  expect(await desk.get(`/users/${gone.id}/mail`)).toRefuse('not_found')
  expect(await desk.get(`/receipts/${gone.receipt}`)).toRefuse('not_found')
  expect((await desk.get(`/users?everHeld=${gone.first}`)).body.users).toEqual([])
  for (const email of [gone.first, gone.second]) {
    expect((await desk.get(`/addresses/${email}`)).body).toMatchObject({ state: 'locked', reason: 'account_erased' })
  }
  expect(await desk.addressState(gone.third)).toBe('free') // asked for, never theirs
})

test('after an erasure no row of any table names the person’s addresses or id, those of other people included', async () => {
  const gone = await somebodyWithAPast('quentin')
  const wishful = await people.verified()
  await wishful.changeEmail(gone.third) // pending, to an address that becomes the person's
  const former = await people.verified()
  const inherited = former.email
  await people.move(former, people.newEmail())
  await desk.delete(`/addresses/${inherited}/lock`, { reason: 'the mailbox has a new owner' })
  const erased = await people.signedIn(gone.second, 'Correct-Horse-7')
  await people.move(erased, inherited)
  await people.move(erased, gone.third)
  await api.post('/v1/register', { email: gone.first, password: 'Correct-Horse-7' })
  await api.post('/v1/password/forgot', { email: gone.third })
  await api.post('/v1/login', { email: gone.first.toUpperCase(), password: 'Wrong-Guess-1' })
  await provider.post(await bounce(gone.third))
  await desk.delete(`/addresses/${gone.third}/suppression`)
  const names = [gone.id, gone.first, gone.second, gone.third, inherited]
  const namingRows = async () => {
    const rows = (await wholeDatabase()).split('\n')
    return rows.filter((row) => names.some((name) => row.toLowerCase().includes(name)))
  }
  const before = await namingRows()

  await desk.delete(`/users/${gone.id}`)
  await mailbox.drain()
  await mailbox.drain() // the erasure comes back once other systems have heard of it

  expect(before.length).toBeGreaterThan(30)
  expect(await namingRows()).toEqual([])
  expect(await desk.get(`/users/${gone.id}`)).toRefuse('not_found')
  expect((await desk.trailOf(gone.id)).slice(0, 2)).toEqual(['account.erasure_completed', 'account.erased'])
})

test('C7: nothing of an erased account works any more: sessions, links, sign-in', async () => {
  const gone = await somebodyWithAPast('yolanda')

  await desk.delete(`/users/${gone.id}`)

  expect(await api.get('/v1/me', { token: gone.accessToken })).toRefuse('unauthenticated')
  expect(await api.post('/v1/login', { email: gone.second, password: 'Correct-Horse-7' })).toRefuse(
    'invalid_credentials',
  )
  for (const [path, token] of [
    ['/v1/password/reset/check', gone.reset],
    ['/v1/email/change/revert', gone.revert],
    ['/v1/email/change/confirm', gone.confirm],
  ] as const) {
    const answer = await api.post(path, { token })
    expect([400, 410]).toContain(answer.status)
  }
})

test('nobody gets an erased person’s address, by registration, change or import, until Support unlocks it', async () => {
  const gone = await somebodyWithAPast('xavier')
  await desk.delete(`/users/${gone.id}`)
  const other = await people.verified()

  const changed = await other.changeEmail(gone.second)
  const created = await desk.post('/users', { email: gone.second })
  await api.post('/v1/register', { email: gone.first, password: 'Correct-Horse-7' })
  const mails = await mailbox.kinds(gone.first)
  const unlocked = await desk.delete(`/addresses/${gone.second}/lock`, { reason: 'asked for in writing' })
  const afterwards = await other.changeEmail(gone.second)

  expect(changed).toRefuse('email_unavailable')
  expect(created).toRefuse('email_unavailable')
  expect(mails.at(-1)).toBe('address_locked')
  expect(unlocked).toHaveStatus(204)
  expect(afterwards).toHaveStatus(202)
})

test('the audit trail of an erased account keeps what happened and when, without the network and the person', async () => {
  const gone = await somebodyWithAPast('wilhelmina')
  const before = await desk.trailOf(gone.id)

  await desk.delete(`/users/${gone.id}`)

  const { body } = await desk.get(`/users/${gone.id}/events?limit=100`)
  const [erasure, ...rest] = body.events
  expect(erasure).toMatchObject({
    type: 'account.erased',
    actor: { type: 'service_client' },
    details: { addresses: 2 },
  })
  expect(rest.map(({ type }: { type: string }) => type)).toEqual(before)
  for (const event of rest) expect(event).toMatchObject({ ip: null, ipFamily: null, userAgent: null, details: {} })
})

test('the audit trail cannot be changed after an erasure', async () => {
  const gone = await somebodyWithAPast('victor')
  await desk.delete(`/users/${gone.id}`)

  await expect(deps.pool.query('DELETE FROM events')).rejects.toThrow('append-only')
})

test('erasing somebody leaves everybody else as they were', async () => {
  const stays = await somebodyWithAPast('ursula')
  const [before, mailBefore] = [await desk.get(`/users/${stays.id}`), await desk.get(`/users/${stays.id}/mail`)]
  const gone = await somebodyWithAPast('terence')

  await desk.delete(`/users/${gone.id}`)

  expect((await desk.get(`/users/${stays.id}`)).body).toEqual(before.body)
  expect((await desk.get(`/users/${stays.id}/mail`)).body).toEqual(mailBefore.body)
  expect(await api.get('/v1/me', { token: stays.accessToken })).toHaveStatus(200)
})

test('a mail that waits in the queue for an erased person is never sent', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  await api.post('/v1/password/forgot', { email: ada.email })
  const before = testApp.sendgrid.mails.length

  await desk.delete(`/users/${id}`)
  await mailbox.drain()

  expect(testApp.sendgrid.mails).toHaveLength(before)
})

test('an address stays locked when a new account is requested for it while its holder is erased', async () => {
  for (let round = 0; round < 10; round += 1) {
    const ada = await people.verified()
    const id = await desk.idOf(ada.email)

    const [erased, created] = await Promise.all([
      desk.delete(`/users/${id}`),
      desk.post('/users', { email: ada.email }),
    ])

    expect(erased).toHaveStatus(204)
    expect(created).toRefuse('email_unavailable')
    expect(await desk.addressState(ada.email)).toBe('locked')
  }
})
