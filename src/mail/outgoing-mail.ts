import { isPlainAddress } from './plain-address.ts'
import type { MailKind } from './templates/render.ts'

export interface Mailbox {
  name: string
  address: string
}

export interface OutgoingMail {
  /** The service's id of this mail (UUIDv7). It is the same at every attempt, and the provider's events contain it. */
  id: string
  kind: MailKind
  from: Mailbox
  /** One bare address: no display name, no list. */
  to: string
  subject: string
  text: string
  html: string
  /** The link that the text contains. The console shows it, and it is removed from stored reasons. */
  link: string | null
}

export interface Mailer {
  /**
   * Sends one mail to the provider. If this returns, the provider has the mail. A response that does not come from the
   * provider, such as a proxy's 200, is an error.
   *
   * @throws {PermanentMailError} if the provider certainly rejects this recipient or this content.
   * @throws {TemporaryMailError} for every other rejection, and if the provider cannot be reached.
   */
  send(mail: OutgoingMail): Promise<{ providerMessageId: string | null }>
  /** Removes an address from the provider's suppression lists. A transport without such lists does nothing. */
  liftSuppression(address: string): Promise<void>
  close(): Promise<void>
}

/** The mail was not sent, for a reason that may be temporary. The message is a reason that Support may read. */
export class TemporaryMailError extends Error {
  override readonly name = 'TemporaryMailError'
}

/** The provider rejects this recipient or this content. The message is a reason that Support may read. */
export class PermanentMailError extends Error {
  override readonly name = 'PermanentMailError'
}

/** The last check before a mail is sent. It does not rely on the checks that were made when the address was entered. */
export function assertDispatchable(mail: OutgoingMail): void {
  if (!isPlainAddress(mail.to)) throw new PermanentMailError('The address is not one plain email address')
  if (/\p{Cc}|[\u2028\u2029]/u.test(mail.subject)) {
    throw new PermanentMailError('The subject contains a control character')
  }
}

/**
 * Converts a provider's response into one short line that can be stored and shown to Support. Providers quote what they
 * reject, for example a link that a spam filter blocks. Therefore links, and any text as long as a token or a key, are
 * removed.
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

/** Removes everything that looks like an email address from a reason. The log is not covered by erasures. */
export function withoutAddresses(reason: string): string {
  return reason.replace(/[^\s<>()[\]"',;:]+(?:@|%40|=40)[^\s<>()[\]"',;:]+/gi, '[address withheld]')
}
