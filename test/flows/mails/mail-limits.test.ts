import { expect, test } from '@jest/globals'
import { createMailSender } from '../../../src/worker/mail-lanes.ts'
import '../../support/matchers.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, deps, mailbox, mailer, people } = await startTestApp()

const forgot = (email: string) => api.post('/v1/password/forgot', { email })

test('an address gets at most ten reset mails an hour, even if every link has been used', async () => {
  const ada = await people.verified()
  for (let times = 0; times < 10; times += 1) {
    await forgot(ada.email)
    const token = await mailbox.token(ada.email, 'reset_password')
    expect(await api.post('/v1/password/reset', { token, newPassword: `Battery-Staple-${times}` })).toHaveStatus(204)
  }

  await forgot(ada.email)

  expect(await mailbox.endOf('reset_password', ada.email)).toEqual({
    state: 'held_back',
    reason: 'too many reset mails to this address in the last hour',
  })
  clock.advance(3601)
  await forgot(ada.email)
  expect(await mailbox.endOf('reset_password', ada.email)).toMatchObject({ state: 'sent' })
})

test('an address gets at most ten mails an hour to confirm it, however many accounts ask', async () => {
  const wanted = people.newEmail('wanted')
  for (let times = 0; times < 10; times += 1) await (await people.verified()).changeEmail(wanted)
  await mailbox.drain()

  await (await people.verified()).changeEmail(wanted)

  expect(await mailbox.endOf('confirm_email', wanted)).toEqual({
    state: 'held_back',
    reason: 'too many confirm mails to this address in the last hour',
  })
  expect(await mailbox.kinds(wanted)).toEqual(Array(10).fill('confirm_email'))
  clock.advance(3601)
  await (await people.verified()).changeEmail(wanted)
  expect(await mailbox.endOf('confirm_email', wanted)).toMatchObject({ state: 'sent' })
})

test('workers that send to one mailbox at once do not exceed its limit', async () => {
  const ada = await people.verified()
  for (let times = 0; times < 8; times += 1) await forgot(ada.email)
  const waiting = await deps.db.mail.findMany({ where: { request: 'reset_password', address: ada.email } })

  await Promise.all(waiting.map(({ id }) => createMailSender(deps, mailer)(id)))

  expect((await mailbox.kinds(ada.email)).filter((kind) => kind === 'reset_password')).toHaveLength(3)
})

test('a person who registers again and again gets five links that work, and one to choose a password', async () => {
  const email = people.newEmail('impatient')
  for (let times = 0; times < 7; times += 1) await api.post('/v1/register', { email, password: 'Correct-Horse-7' })

  expect(await mailbox.kinds(email)).toEqual([...Array(5).fill('verify_email'), 'choose_password'])
  const token = await mailbox.token(email, 'verify_email')
  expect(await api.post('/v1/email/verify', { token })).toHaveStatus(200)
})

test('registrations of one network leave a mail for the owner of the address, who is in another network', async () => {
  const email = people.newEmail('victim')
  const squatter = { ip: '203.0.113.66' }
  for (let times = 0; times < 9; times += 1) {
    await api.post('/v1/register', { email, password: 'Squatter-Horse-7' }, squatter)
  }
  await mailbox.drain()

  const mails = await mailbox.during(() => api.post('/v1/register', { email, password: 'Owner-Horse-7' }))
  const token = await mailbox.token(email, 'verify_email')

  expect(mails).toEqual([`verify_email to ${email}`])
  expect(await api.post('/v1/email/verify', { token })).toHaveStatus(200)
  // A registration without a link waits too, so the owner chooses the password: see registration/verify-email.ts.
  const choose = await mailbox.token(email, 'choose_password')
  expect(await api.post('/v1/password/reset', { token: choose, newPassword: 'Chosen-Horse-8' })).toHaveStatus(204)
  expect(await api.post('/v1/login', { email, password: 'Chosen-Horse-8' })).toHaveStatus(200)
  expect(await api.post('/v1/login', { email, password: 'Squatter-Horse-7' })).toRefuse('invalid_credentials')
})

test('registrations of strangers do not end the link that the owner of the address got first', async () => {
  const email = people.newEmail('victim')
  await api.post('/v1/register', { email, password: 'Owner-Horse-7' })
  const own = await mailbox.token(email, 'verify_email')
  for (let stranger = 0; stranger < 9; stranger += 1) {
    await api.post('/v1/register', { email, password: 'Squatter-Horse-7' }, { ip: `203.0.113.${stranger}` })
  }
  await mailbox.drain()

  clock.advance(23 * 3600)

  expect(await api.post('/v1/email/verify', { token: own })).toHaveStatus(200)
})

test('an address keeps as many registrations as it got links, and one more', async () => {
  const email = people.newEmail('victim')
  for (let times = 0; times < 30; times += 1) {
    await api.post('/v1/register', { email, password: `Squatter-Horse-${times}` }, { ip: `203.0.113.${times}` })
  }

  await mailbox.drain()

  expect(await deps.db.registration.count({ where: { address: email } })).toBe(7)
  expect(await api.post('/v1/login', { email, password: 'Squatter-Horse-29' })).toRefuse('email_not_verified')
})

test('a verification mail for an address whose registrations were held back lets its owner choose the password', async () => {
  const email = people.newEmail('victim')
  for (let times = 0; times < 8; times += 1) {
    await api.post('/v1/register', { email, password: 'Squatter-Horse-7' }, { ip: `203.0.113.${times}` })
  }
  await mailbox.drain()
  await deps.db.registration.deleteMany({ where: { address: email, mailHeldBackAt: null } })
  clock.advance(3601)

  const mails = await mailbox.during(() => api.post('/v1/email/verify/resend', { email }))

  expect(mails).toEqual([`choose_password to ${email}`])
})

test('sub-addresses of one mailbox share its limit', async () => {
  const name = people.newEmail('bombed').split('@')[0]
  const addresses = Array.from({ length: 12 }, (_, index) => `${name}+${index}@example.com`)

  const mails = await mailbox.during(async () => {
    for (const [index, email] of addresses.entries()) {
      await api.post('/v1/register', { email, password: 'Correct-Horse-7' }, { ip: `203.0.113.${index}` })
    }
  })

  expect(mails).toHaveLength(6)
})

test('addresses that differ by dots share a mailbox at Gmail, and nowhere else', async () => {
  const register = (email: string, index: number) =>
    api.post('/v1/register', { email, password: 'Correct-Horse-7' }, { ip: `203.0.113.${index}` })
  const spellings = ['v.ictim', 'vi.ctim', 'vic.tim', 'vict.im', 'victi.m', 'v.i.ctim', 'v.ic.tim']

  const atGmail = await mailbox.during(() =>
    Promise.all(spellings.map((name, index) => register(`${name}@${index % 2 ? 'gmail' : 'googlemail'}.com`, index))),
  )
  const elsewhere = await mailbox.during(() =>
    Promise.all(spellings.map((name, index) => register(`${name}@example.com`, index))),
  )

  expect(atGmail).toHaveLength(6)
  expect(elsewhere).toHaveLength(7)
})

test('links that never reached the mailbox do not hold back the next reset mail', async () => {
  const ada = await people.verified()
  for (let times = 0; times < 3; times += 1) await forgot(ada.email)
  await mailbox.drain()
  await deps.db.mail.updateMany({
    where: { address: ada.email, request: 'reset_password' },
    data: { state: 'bounced' },
  })

  await forgot(ada.email)

  expect(await mailbox.endOf('reset_password', ada.email)).toMatchObject({ state: 'sent' })
})
