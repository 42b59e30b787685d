import { fill, type LetterText, type TextName } from '../texts/catalogue.ts'
import { oneLine } from './escape.ts'
import { writeHtml } from './html.ts'
import type { Fact, Letter, MailFrame } from './letter.ts'
import { writePlainText } from './plain-text.ts'
import { lifetimeInWords, momentInWords } from './time-in-words.ts'

export interface MailLink {
  readonly link: string
  readonly lifetimeSeconds: number
}

/** A revert link, and the new address of the account. */
interface EmailChangeMatter extends MailLink {
  /** The new address, masked: `n•••@example.net`. */
  readonly newEmailHint: string
}

/** Who requested the reset instructions. */
interface ResetMatter extends MailLink {
  readonly requestedBy: 'person' | 'support'
}

type NoMatter = Readonly<Record<never, never>>

/** Each kind of mail, and the data that its text needs in addition to the frame. docs/mails.md says when each is sent. */
export interface MailMatters {
  verify_email: MailLink
  choose_password: MailLink
  already_registered: NoMatter
  address_locked: NoMatter
  reset_password: ResetMatter
  reset_after_revert: MailLink & { readonly email: string }
  /** Its reader may not be the account's owner, so the mail says nothing about the account. */
  confirm_email: MailLink
  email_change_requested: EmailChangeMatter
  /** If a thief changed the address, this is the last mail that reaches the owner. */
  email_changed: EmailChangeMatter
  /** Sent to the address that a revert removes from the account. Its reader may be the thief. */
  email_change_reverted: NoMatter
  password_changed: NoMatter
  password_was_reset: NoMatter
}

export type MailKind = keyof MailMatters

/** A kind of mail, with the data that its text needs. */
export type MailText<Kind extends MailKind = MailKind> = {
  [Each in Kind]: { readonly kind: Each; readonly matter: MailMatters[Each] }
}[Kind]

export interface RenderedMail {
  readonly subject: string
  readonly preheader: string
  readonly text: string
  readonly html: string
}

/** Renders one mail. The same input always gives the same mail. */
export function renderMail(mail: MailText, frame: MailFrame): RenderedMail {
  assertComplete(frame)
  const letter = compose(mail, frame)
  const { subject, preheader } = letter
  return { subject, preheader, text: writePlainText(letter, frame), html: writeHtml(letter, frame) }
}

/** A security mail with a missing part looks forged. Therefore rendering fails, and the failure is recorded. */
function assertComplete({ productName, supportContact, device }: MailFrame): void {
  for (const [part, value] of Object.entries({ productName, supportContact, device })) {
    if (value !== null && !value?.trim()) throw new Error(`a mail needs its ${part}`)
  }
}

function compose(mail: MailText, frame: MailFrame): Letter {
  const { matter } = mail
  const text: LetterText = frame.wording.texts[nameOfText(mail)]
  const link = 'link' in matter ? matter : null
  const values = {
    product: frame.productName,
    lifetime: link ? lifetimeInWords(link.lifetimeSeconds, frame.wording.locale) : undefined,
    newEmail: 'newEmailHint' in matter ? matter.newEmailHint : undefined,
    email: 'email' in matter ? matter.email : undefined,
  }
  const maybe = (part: string | undefined) => (part === undefined ? null : fill(part, values))
  const action = (label: string | undefined) =>
    label === undefined ? null : { label: fill(label, values), link: requireLink(link) }
  return {
    subject: oneLine(fill(text.subject, values)),
    preheader: fill(text.preheader, values),
    heading: fill(text.heading, values),
    paragraphs: text.body.map((paragraph) => fill(paragraph, values)),
    button: action(text.button),
    facts: factsOf(frame),
    wasNotYou: maybe(text.wasNotYou),
    undo: action(text.undo),
    note: maybe(text.note),
  }
}

function nameOfText({ kind, matter }: MailText): TextName {
  return 'requestedBy' in matter && matter.requestedBy === 'support' ? 'reset_password_by_support' : kind
}

function requireLink(matter: MailLink | null): string {
  if (!matter?.link?.trim()) throw new Error('a mail needs its link')
  return matter.link
}

function factsOf({ wording, at, device }: MailFrame): Fact[] {
  const { words } = wording.texts
  const facts = [{ label: words.when, value: momentInWords(at, wording.locale, words) }]
  if (device !== null) facts.push({ label: words.device, value: device })
  return facts
}
