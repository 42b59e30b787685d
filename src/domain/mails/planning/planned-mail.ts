import type { Transaction } from '../../../database/client.ts'
import type { Mail } from '../../../database/generated/client.ts'
import type { Deps } from '../../../deps.ts'
import type { MailText } from '../../../mail/templates/render.ts'

/** A mail that will be sent: its mailbox, and the data for its text. */
export interface PlannedMail {
  readonly to: { readonly email: string; readonly address: string }
  readonly accountId: string | null
  /** The registration that the mail's link confirms. */
  readonly registrationId?: string
  readonly text: MailText
}

/** A mail that will be sent, in the locale of its reader; null if that is not known. */
export interface LocalizedMail extends PlannedMail {
  readonly locale: string | null
}

/** Why a mail that was requested is not sent, as Support reads it. */
export interface UnsentMail {
  readonly unsent: 'no_account' | 'held_back' | 'not_needed'
  readonly reason: string
}

export type MailPlan = PlannedMail | UnsentMail

/** The input of a planner. One transaction looks up the account, creates the link and updates the mail's state. */
export interface Planning {
  readonly deps: Deps
  readonly tx: Transaction
  readonly mail: Mail
  readonly now: Date
}
