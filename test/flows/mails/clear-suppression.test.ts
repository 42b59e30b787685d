import { expect, test } from '@jest/globals'
import { SENDGRID_PUBLIC_KEY, SendgridEvents } from '../../support/sendgrid-events.ts'
import { openSupportDesk } from '../../support/support-desk.ts'
import { startTestApp } from '../../support/test-app.ts'
import '../../support/matchers.ts'

const service = await startTestApp({ env: { SENDGRID_WEBHOOK_PUBLIC_KEY: SENDGRID_PUBLIC_KEY } })
const { people, mailbox, sendgrid } = service
const webhook = new SendgridEvents(service)
const desk = await openSupportDesk(service)

/** Somebody whose mail bounced, here and on SendGrid's lists. */
async function bounced(): Promise<string> {
  const { email } = await people.verified({ email: people.newEmail("o'brien+news") })
  await webhook.post(webhook.event(await webhook.mailTo(email), 'bounce', { reason: '550 mailbox full' }))
  for (const list of ['bounces', 'spam_reports']) sendgrid.suppressed.add(`${list}/${email}`)
  return email
}

function clear(email: string) {
  return desk.delete(`/addresses/${encodeURIComponent(email)}/suppression`)
}

test('clearing a suppression removes the flag at once and SendGrid’s entries later, and records who did it', async () => {
  const email = await bounced()

  const cleared = await clear(email.toUpperCase())
  const flag = (await desk.get(`/addresses/${encodeURIComponent(email)}`)).body.suppression
  await mailbox.drain()

  expect(cleared).toHaveStatus(204)
  expect(flag).toBeNull()
  expect([...sendgrid.suppressed]).toEqual([])
  const { body } = await desk.get(`/users/${await desk.idOf(email)}/events?limit=1`)
  expect(body.events[0]).toMatchObject({ type: 'address.suppression_cleared', actor: { type: 'service_client' } })
})

test('a suppression is cleared at SendGrid once SendGrid can be reached again', async () => {
  const email = await bounced()
  sendgrid.failWith({ status: 503 }, 1)
  await clear(email)
  await mailbox.drain()
  const whileAway = [...sendgrid.suppressed]

  await mailbox.drain()

  expect(whileAway).toHaveLength(2)
  expect([...sendgrid.suppressed]).toEqual([])
})

test('clearing a suppression does not undo a person’s own unsubscribing', async () => {
  const email = await bounced()
  await clear(email)
  await mailbox.drain()

  const asked = sendgrid.requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path.split('/')[3])

  expect(new Set(asked)).toEqual(new Set(['bounces', 'blocks', 'invalid_emails', 'spam_reports']))
})

test('clearing answers 404 for an address that is not suppressed, and 422 for text that is no address', async () => {
  expect(await clear(people.newEmail())).toRefuse('not_found')
  expect(await clear('ada@')).toRefuse('invalid_email')
})
