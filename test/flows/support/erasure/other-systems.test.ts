import { afterAll, expect, test } from '@jest/globals'
import '../../../support/matchers.ts'
import { openSupportDesk } from '../../../support/support-desk.ts'
import { startTestApp } from '../../../support/test-app.ts'
import { WebhookReceiver } from '../../../support/webhook-receiver.ts'

/** Other systems must hear of an erasure under the account's id, so the id stays until they have. */
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const receiver = new WebhookReceiver(SECRET)
const testApp = await startTestApp({
  env: { SECURITY_EVENT_URLS: await receiver.start(), SECURITY_EVENT_SECRET: SECRET },
})
const { deps, people, mailbox } = testApp
const desk = await openSupportDesk(testApp)
afterAll(() => receiver.stop())

test('an erasure is complete only when every other system has been told of it', async () => {
  const { email } = await people.verified()
  const id = await desk.idOf(email)
  receiver.failWith(503)

  await desk.delete(`/users/${id}`)
  await mailbox.drain()
  const meanwhile = await desk.trailOf(id)
  receiver.recover()
  await mailbox.drain()
  await mailbox.drain()

  expect(meanwhile[0]).toBe('account.erased')
  expect(receiver.events).toMatchObject([{ type: 'account.erased', data: { accountId: id } }])
  expect((await desk.trailOf(id))[0]).toBe('account.erasure_completed')
  expect(await deps.db.securityEvent.count({ where: { accountId: id } })).toBe(0)
})
