import {
  confirmEmail,
  type EmailChangeMatter,
  emailChanged,
  emailChangeRequested,
  emailChangeReverted,
} from './email-change-mails.ts'
import { type Letter, layOut, type MailFrame, type MailLink, type RenderedMail } from './layout.ts'
import {
  passwordChanged,
  passwordWasReset,
  type ResetMatter,
  resetAfterRevert,
  resetPassword,
} from './password-mails.ts'
import { addressLocked, alreadyRegistered, choosePassword, verifyEmail } from './registration-mails.ts'

type NoMatter = Readonly<Record<never, never>>

/** Each kind of mail, and the data that its text needs in addition to the frame. */
export interface MailMatters {
  verify_email: MailLink
  choose_password: MailLink
  already_registered: NoMatter
  address_locked: NoMatter
  reset_password: ResetMatter
  reset_after_revert: MailLink & { readonly email: string }
  confirm_email: MailLink
  email_change_requested: EmailChangeMatter
  email_changed: EmailChangeMatter
  email_change_reverted: NoMatter
  password_changed: NoMatter
  password_was_reset: NoMatter
}

export type MailKind = keyof MailMatters

/** A kind of mail, with the data that its text needs. */
export type MailText<Kind extends MailKind = MailKind> = {
  [Each in Kind]: { readonly kind: Each; readonly matter: MailMatters[Each] }
}[Kind]

const templates: { readonly [Kind in MailKind]: (matter: MailMatters[Kind], frame: MailFrame) => Letter } = {
  verify_email: verifyEmail,
  choose_password: choosePassword,
  already_registered: alreadyRegistered,
  address_locked: addressLocked,
  reset_password: resetPassword,
  reset_after_revert: resetAfterRevert,
  confirm_email: confirmEmail,
  email_change_requested: emailChangeRequested,
  email_changed: emailChanged,
  email_change_reverted: emailChangeReverted,
  password_changed: passwordChanged,
  password_was_reset: passwordWasReset,
}

/** Renders one mail. The same input always gives the same mail. */
export function renderMail<Kind extends MailKind>(text: MailText<Kind>, frame: MailFrame): RenderedMail {
  return layOut(templates[text.kind](text.matter, frame), frame)
}
