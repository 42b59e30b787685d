import type { Transaction } from '../../../database/client.ts'
import type { Connection } from '../../../database/statement.ts'
import type { Deps } from '../../../deps.ts'
import type { MailText } from '../../../mail/templates/render.ts'
import type { NewEvent } from '../../events/record-event.ts'
import type { NewMailedToken } from '../../mailed-links/create-mailed-link.ts'
import type { WaitingMail } from '../read-waiting-mail.ts'

/** A mail that will be sent: its mailbox, the data for its text, and what is stored with it. */
export interface PlannedMail {
  readonly to: { readonly email: string; readonly address: string }
  readonly accountId: string | null
  /** The account's locale, if the planner has read the account. */
  readonly accountLocale?: string | null
  /** The registration that the mail's link confirms. */
  readonly registrationId?: string
  readonly text: MailText
  /** The link in the text. */
  readonly token?: NewMailedToken
  /** An audit event that has the mail as its only effect. Other systems do not receive it. */
  readonly event?: NewEvent & { readonly type: 'password.reset_requested' }
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

/** The input of a planner. One transaction looks up the account and stores the plan with its link. */
export interface Planning {
  readonly deps: Deps
  readonly tx: Transaction
  readonly mail: WaitingMail
  readonly now: Date
}

/** The same for a planner whose statements are all written by hand. */
export interface HandWrittenPlanning extends Omit<Planning, 'tx'> {
  readonly tx: Connection
}
