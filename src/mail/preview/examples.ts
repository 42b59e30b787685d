import type { MailText } from '../templates/render.ts'
import type { TextName } from '../texts/catalogue.ts'

/** What the links of an installation look like, and how long they work. */
export interface ExampleLinks {
  readonly verifyEmail: string
  readonly resetPassword: string
  readonly confirmEmail: string
  readonly revertEmail: string
  readonly lifetimes: { readonly verifyToken: number; readonly resetToken: number; readonly revertToken: number }
}

/** A token of the right length, which no service has issued. */
const TOKEN = 'EXAMPLE-EXAMPLE-EXAMPLE-EXAMPLE-EXAMPLE-EXA'

/** One example of each text, with links to the pages of the installation. */
export function exampleMails(links: ExampleLinks): Record<TextName, MailText> {
  const { verifyToken, resetToken, revertToken } = links.lifetimes
  const linkTo = (page: string, lifetimeSeconds: number) => ({ link: page.replace('{token}', TOKEN), lifetimeSeconds })
  const verify = linkTo(links.verifyEmail, verifyToken)
  const reset = linkTo(links.resetPassword, resetToken)
  const revert = { ...linkTo(links.revertEmail, revertToken), newEmailHint: 'n•••@example.net' }
  return {
    verify_email: { kind: 'verify_email', matter: verify },
    choose_password: { kind: 'choose_password', matter: linkTo(links.resetPassword, verifyToken) },
    already_registered: { kind: 'already_registered', matter: {} },
    address_locked: { kind: 'address_locked', matter: {} },
    reset_password: { kind: 'reset_password', matter: { ...reset, requestedBy: 'person' } },
    reset_password_by_support: { kind: 'reset_password', matter: { ...reset, requestedBy: 'support' } },
    reset_after_revert: { kind: 'reset_after_revert', matter: { ...reset, email: 'ada@example.com' } },
    confirm_email: { kind: 'confirm_email', matter: linkTo(links.confirmEmail, verifyToken) },
    email_change_requested: { kind: 'email_change_requested', matter: revert },
    email_changed: { kind: 'email_changed', matter: revert },
    email_change_reverted: { kind: 'email_change_reverted', matter: {} },
    password_changed: { kind: 'password_changed', matter: {} },
    password_was_reset: { kind: 'password_was_reset', matter: {} },
  }
}

/** The mails whose reader must not learn where the request came from, or that Support requested. */
export const WITHOUT_DEVICE: ReadonlySet<TextName> = new Set(['email_change_reverted', 'reset_password_by_support'])
