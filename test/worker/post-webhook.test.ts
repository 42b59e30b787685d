import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { postWebhook } from '../../src/worker/post-webhook.ts'
import { WebhookReceiver } from '../support/webhook-receiver.ts'

const WORKING = new AbortController().signal
const MESSAGE = { headers: {}, body: '{}', stopping: WORKING }

let receiver: WebhookReceiver
let url: string

beforeEach(async () => {
  receiver = new WebhookReceiver('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
  url = await receiver.start()
})

afterEach(() => receiver.stop())

test.each([200, 202, 204])('the status %d counts as delivered', async (status) => {
  receiver.failWith(status)

  expect(await postWebhook(url, MESSAGE)).toBeNull()
})

test.each([300, 304, 400, 401, 404, 410, 429, 500, 503])(
  'the status %d does not count as delivered',
  async (status) => {
    receiver.failWith(status)

    expect(await postWebhook(url, MESSAGE)).toBe(`The receiver answered ${status}`)
  },
)

test.each([301, 302, 303, 307, 308])('a redirect with %d is not followed', async (status) => {
  const elsewhere = new WebhookReceiver('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
  receiver.failWith(status, { location: await elsewhere.start() })

  expect(await postWebhook(url, MESSAGE)).toBe(`The receiver answered ${status}`)

  expect(elsewhere.bodies).toEqual([])
  await elsewhere.stop()
})

test('a receiver that does not answer is abandoned at the deadline', async () => {
  receiver.hang()

  expect(await postWebhook(url, MESSAGE, 200)).toBe('The receiver did not answer in time')
})

test('a worker that is told to stop does not wait for the receiver', async () => {
  receiver.hang()
  const stopping = new AbortController()

  const posting = postWebhook(url, { ...MESSAGE, stopping: stopping.signal })
  stopping.abort()

  expect(await posting).toBe('The worker was stopped')
})

test('a refused connection is reported with the system’s error code', async () => {
  expect(await postWebhook('http://127.0.0.1:1/', MESSAGE)).toMatch(/^The receiver could not be reached/)
})
