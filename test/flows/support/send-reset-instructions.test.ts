import { expect, test } from '@jest/globals'
import '../../support/matchers.ts'
import { openSupportDesk } from '../../support/support-desk.ts'
import { startTestApp } from '../../support/test-app.ts'

const testApp = await startTestApp()
const { api, people, mailbox } = testApp
const desk = await openSupportDesk(testApp)

test('one service client sends instructions to one account five times an hour, and then gets 429', async () => {
  const [ada, bob] = [await people.verified(), await people.verified()]
  const [adasId, bobsId] = [await desk.idOf(ada.email), await desk.idOf(bob.email)]
  const otherDesk = await openSupportDesk(testApp)

  const accepted: number[] = []
  for (let times = 0; times < 5; times += 1) accepted.push((await desk.post(`/users/${adasId}/password-reset`)).status)
  const refused = await desk.post(`/users/${adasId}/password-reset`)
  const forSomebodyElse = await desk.post(`/users/${bobsId}/password-reset`)
  const byAnotherClient = await otherDesk.post(`/users/${adasId}/password-reset`)

  expect(accepted).toEqual([202, 202, 202, 202, 202])
  expect(refused).toRefuse('too_many_attempts')
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3000)
  expect([forSomebodyElse.status, byAnotherClient.status]).toEqual([202, 202])
})

test('instructions for a disabled account are refused with 409, and nothing is mailed', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  await desk.patch(`/users/${id}`, { disabled: true })

  const mailed = await mailbox.during(async () => {
    expect(await desk.post(`/users/${id}/password-reset`)).toRefuse('account_is_disabled')
  })

  expect(mailed).toEqual([])
  expect(await desk.trailOf(id)).not.toContain('password.reset_requested')
})

test('enabling an account sends the instructions of Support that were withheld while it was disabled', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  await desk.post(`/users/${id}/password-reset`)
  await desk.patch(`/users/${id}`, { disabled: true })
  await mailbox.drain()

  const mailed = await mailbox.during(() => desk.patch(`/users/${id}`, { disabled: false }))

  expect(mailed).toEqual([`reset_password to ${ada.email}`])
})

test('enabling an account that had nothing withheld sends nothing', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  await api.post('/v1/password/forgot', { email: ada.email })
  await mailbox.drain()
  await desk.patch(`/users/${id}`, { disabled: true })

  expect(await mailbox.during(() => desk.patch(`/users/${id}`, { disabled: false }))).toEqual([])
})
