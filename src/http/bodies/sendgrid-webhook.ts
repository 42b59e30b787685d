import type { FastifyRequest } from 'fastify'
import type { Deps } from '../../deps.ts'
import { Refusal } from '../../domain/problems.ts'
import { isSignedBySendgrid } from '../../security/sendgrid-signature.ts'

/** How far SendGrid's clock may be ahead of ours. */
const LEEWAY_SECONDS = 600
/**
 * SendGrid tries a batch again for 24 hours after the event, and does not say whether it signs anew each time: refusing
 * an older signature would lose what happened while we were away. A replay within that day changes nothing, for every
 * event counts once; beyond it, nothing honest is left to arrive.
 */
const OLDEST_SECONDS = 24 * 3600 + LEEWAY_SECONDS

/**
 * The body, once it is known to be SendGrid's, byte for byte as it was signed.
 *
 * @throws {Refusal} signature_invalid, also where no key is configured: without one, nobody can be believed.
 */
export function signedBody(deps: Deps, request: FastifyRequest): Buffer {
  const key = deps.config.sendgridWebhookKey
  const timestamp = request.headers['x-twilio-email-event-webhook-timestamp']
  const signature = request.headers['x-twilio-email-event-webhook-signature']
  const { body } = request
  if (!key || typeof timestamp !== 'string' || typeof signature !== 'string' || !Buffer.isBuffer(body)) {
    throw new Refusal('signature_invalid')
  }
  const ageSeconds = deps.clock.now().getTime() / 1000 - (/^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN)
  const isTimely = ageSeconds >= -LEEWAY_SECONDS && ageSeconds <= OLDEST_SECONDS
  if (!isTimely || !isSignedBySendgrid(key, { timestamp, body, signature })) throw new Refusal('signature_invalid')
  return body
}
