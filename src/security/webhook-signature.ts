import { createHmac } from 'node:crypto'
import type { Secret } from './secret.ts'

/** `whsec_` and the base64 of 24 to 64 bytes, as in the Standard Webhooks specification. */
export function isWebhookSecret(text: string): boolean {
  if (!/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(text)) return false
  const { length } = keyOf(text)
  return length >= 24 && length <= 64
}

/**
 * Creates the three headers with which a receiver can check that a body comes from this service, is unchanged and is
 * recent (Standard Webhooks 1.0).
 */
export function webhookHeaders(
  secret: Secret<'security-events'>,
  message: { id: string; body: string; now: Date },
): Record<string, string> {
  const { id, body, now } = message
  const timestamp = String(Math.floor(now.getTime() / 1000))
  const mac = createHmac('sha256', keyOf(secret.reveal())).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${mac}` }
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice('whsec_'.length), 'base64')
}
