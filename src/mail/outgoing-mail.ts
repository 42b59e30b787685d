import type { MailKind } from './templates/render.ts'

export interface Mailbox {
  name: string
  address: string
}

export interface OutgoingMail {
  /** Our own id of this mail (UUIDv7): it is the same at every attempt, and the provider's events carry it. */
  id: string
  kind: MailKind
  from: Mailbox
  /** One bare address: no display name, no list. */
  to: string
  subject: string
  text: string
  html: string
  /** The link that the text holds, apart: for the console, and so that no reason we keep can quote it. */
  link: string | null
}

export interface Mailer {
  send(mail: OutgoingMail): Promise<{ providerMessageId: string | null }>
  /** Takes an address off the provider's lists of those it has given up on; nothing where the transport has none. */
  liftSuppression(address: string): Promise<void>
  close(): Promise<void>
}

/** The provider will never take this mail; trying again is no use. The message is a reason that Support may read. */
export class PermanentMailError extends Error {
  override readonly name = 'PermanentMailError'
}

/** One dot-string address in ASCII: no character here can end a header, start a second recipient or quote anything. */
const PLAIN_ADDRESS = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/
const LONGEST_ADDRESS = 254

/** Checked again at the last moment before a mail leaves, whatever was checked when the address came in. */
export function assertDispatchable(mail: OutgoingMail): void {
  if (!isPlainAddress(mail.to)) throw new PermanentMailError('The address is not one plain email address')
  if (/\p{Cc}|[\u2028\u2029]/u.test(mail.subject)) {
    throw new PermanentMailError('The subject holds a control character')
  }
}

/** Where answers go: the support contact, where that is an address rather than a page or a telephone number. */
export function replyAddress(supportContact: string): string | undefined {
  const contact = supportContact.trim()
  return isPlainAddress(contact) ? contact : undefined
}

/**
 * What a provider answered, as Support may read it and a database keep it: one short line. Providers quote what they
 * refuse (a spam filter names the link it dislikes), so links and anything as long as a token or a key are left out.
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

function isPlainAddress(address: unknown): boolean {
  return typeof address === 'string' && address.length <= LONGEST_ADDRESS && PLAIN_ADDRESS.test(address)
}
