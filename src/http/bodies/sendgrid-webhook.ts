import type { KeyObject } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Deps } from '../../deps.ts'
import { Refusal } from '../../domain/problems.ts'
import { isSignedBySendgrid } from '../../security/sendgrid-signature.ts'

/** How far SendGrid's clock may be ahead of the service's clock, in seconds. */
const LEEWAY_SECONDS = 600
/**
 * SendGrid tries a batch again for 24 hours after the event, and does not document whether it signs each attempt again.
 * If older signatures were refused, the events of an outage would be lost. A replay within that day changes nothing,
 * because each event counts once.
 */
const OLDEST_SECONDS = 24 * 3600 + LEEWAY_SECONDS

interface Signature {
  readonly key: KeyObject
  readonly timestamp: string
  readonly signature: string
}

/**
 * Checks, before the body is read, that the request has a signature of the last 24 hours and that a key is configured. The
 * body may have 1 MiB, which must not be read for anyone who does not even claim to be SendGrid.
 *
 * @throws {Refusal} signature_invalid
 */
export function requireSignature(deps: Deps, request: FastifyRequest): Signature {
  const key = deps.config.sendgridWebhookKey
  const timestamp = request.headers['x-twilio-email-event-webhook-timestamp']
  const signature = request.headers['x-twilio-email-event-webhook-signature']
  if (!key || typeof timestamp !== 'string' || typeof signature !== 'string') throw new Refusal('signature_invalid')
  const ageSeconds = deps.clock.now().getTime() / 1000 - (/^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN)
  const isTimely = ageSeconds >= -LEEWAY_SECONDS && ageSeconds <= OLDEST_SECONDS
  if (!isTimely) throw new Refusal('signature_invalid')
  return { key, timestamp, signature }
}

/**
 * Returns the body, byte for byte as it was signed, if the signature is SendGrid's.
 *
 * @throws {Refusal} signature_invalid
 */
export function signedBody(deps: Deps, request: FastifyRequest): Buffer {
  const { key, timestamp, signature } = requireSignature(deps, request)
  const { body } = request
  if (!Buffer.isBuffer(body) || !isSignedBySendgrid(key, { timestamp, body, signature })) {
    throw new Refusal('signature_invalid')
  }
  return body
}
