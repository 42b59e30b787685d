import { addressLocked } from './address-locked.ts'
import { alreadyRegistered } from './already-registered.ts'
import { choosePassword } from './choose-password.ts'
import { confirmEmail } from './confirm-email.ts'
import { emailChangeRequested } from './email-change-requested.ts'
import { emailChangeReverted } from './email-change-reverted.ts'
import { emailChanged } from './email-changed.ts'
import type { RenderedMail } from './layout.ts'
import { passwordChanged } from './password-changed.ts'
import { passwordWasReset } from './password-was-reset.ts'
import { resetAfterRevert } from './reset-after-revert.ts'
import { resetPassword } from './reset-password.ts'
import { verifyEmail } from './verify-email.ts'

const registry = {
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

export type MailKind = keyof typeof registry

/** What each kind of mail must be given. */
export type MailData = { [Kind in MailKind]: Parameters<(typeof registry)[Kind]>[0] }

/** The registry once more, in the shape that lets the compiler pair a kind with its data. */
const templates: { [Kind in MailKind]: (data: MailData[Kind]) => RenderedMail } = registry

/** One mail as its reader sees it. A pure function: the same data always gives the same mail. */
export function renderMail<Kind extends MailKind>(kind: Kind, data: MailData[Kind]): RenderedMail {
  return templates[kind](data)
}
