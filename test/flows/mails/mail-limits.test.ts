import { expect, test } from '@jest/globals'
import '../../support/matchers.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, deps, mailbox, people } = await startTestApp()

const forgot = (email: string) => api.post('/v1/password/forgot', { email })

/** How the newest mail of this sort ended, and why. */
async function endOf(request: string, address: string) {
  await mailbox.drain()
  const where = { request, address: address.toLowerCase() }
  return deps.db.mail.findFirst({ where, orderBy: { queuedAt: 'desc' }, select: { state: true, reason: true } })
}

test('ten reset mails an hour are the most, also for links that are all used', async () => {
  const ada = await people.verified()
  for (let times = 0; times < 10; times += 1) {
    await forgot(ada.email)
    const token = await mailbox.token(ada.email, 'reset_password')
    expect(await api.post('/v1/password/reset', { token, newPassword: `Battery-Staple-${times}` })).toHaveStatus(204)
  }

  await forgot(ada.email)

  expect(await endOf('reset_password', ada.email)).toEqual({
    ...{ state: 'held_back', reason: 'too many reset mails to this address in the last hour' },
  })
  clock.advance(3601)
  await forgot(ada.email)
  expect(await endOf('reset_password', ada.email)).toMatchObject({ state: 'sent' })
})

test('ten mails an hour are the most that moves send to one address, however many accounts ask', async () => {
  const wanted = people.newEmail('wanted')
  for (let times = 0; times < 10; times += 1) await (await people.verified()).changeEmail(wanted)
  await mailbox.drain()

  await (await people.verified()).changeEmail(wanted)

  expect(await endOf('confirm_email', wanted)).toEqual({
    ...{ state: 'held_back', reason: 'too many confirm mails to this address in the last hour' },
  })
  expect(await mailbox.kinds(wanted)).toEqual(Array(10).fill('confirm_email'))
  clock.advance(3601)
  await (await people.verified()).changeEmail(wanted)
  expect(await endOf('confirm_email', wanted)).toMatchObject({ state: 'sent' })
})
