import { isPlainAddress } from './plain-address.ts'
import type { MailKind } from './templates/render.ts'

export interface Mailbox {
  name: string
  address: string
}

export interface OutgoingMail {
  /** Our own id of this mail (UUIDv7). It is the same at every attempt, and the provider's events contain it. */
  id: string
  kind: MailKind
  from: Mailbox
  /** One bare address: no display name, no list. */
  to: string
  subject: string
  text: string
  html: string
  /** The link in the text once more: the console shows it, and no stored reason may quote it. */
  link: string | null
}

export interface Mailer {
  /**
   * Hands one mail to the provider. It has the mail only if this returns: an answer that the provider would not give,
   * such as a proxy's 200, is an error.
   *
   * @throws {PermanentMailError} on proof that the provider rejects this recipient or this content.
   * @throws {TemporaryMailError} for every other rejection, and if the provider cannot be reached.
   */
  send(mail: OutgoingMail): Promise<{ providerMessageId: string | null }>
  /** Removes an address from the provider's suppression lists. A transport without such lists does nothing. */
  liftSuppression(address: string): Promise<void>
  close(): Promise<void>
}

/** The mail was not sent, for a reason that may pass. The message is a reason that Support may read. */
export class TemporaryMailError extends Error {
  override readonly name = 'TemporaryMailError'
}

/** The provider rejects this recipient or this content. The message is a reason that Support may read. */
export class PermanentMailError extends Error {
  override readonly name = 'PermanentMailError'
}

/** The last check before a mail leaves. It does not rely on the checks that were made when the address came in. */
export function assertDispatchable(mail: OutgoingMail): void {
  if (!isPlainAddress(mail.to)) throw new PermanentMailError('The address is not one plain email address')
  if (/\p{Cc}|[\u2028\u2029]/u.test(mail.subject)) {
    throw new PermanentMailError('The subject contains a control character')
  }
}

/**
 * Makes a provider's answer fit to be stored and to be read by Support: one short line. Providers quote what they
 * reject, for example the link that a spam filter dislikes. So links, and anything as long as a token or a key, are
 * withheld.
 */
export function quotableReason(answer: string, secrets: readonly (string | null)[]): string {
  let reason = answer.slice(0, 2000)
  for (const secret of secrets) if (secret) reason = reason.replaceAll(secret, '[withheld]')
  return reason
    .replace(/[a-z][a-z0-9+.-]{1,20}:\/\/\S+/gi, '[withheld]')
    .replace(/[\w-]{32,}/g, '[withheld]')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, 300)
}

/** A reason for the log, where no erasure reaches it: without anything that looks like an email address. */
export function withoutAddresses(reason: string): string {
  return reason.replace(/[^\s<>()[\]"',;:]+(?:@|%40|=40)[^\s<>()[\]"',;:]+/gi, '[address withheld]')
}
