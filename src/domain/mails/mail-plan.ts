import type { Transaction } from '../../database/client.ts'
import type { Mail } from '../../database/generated/client.ts'
import type { Deps } from '../../deps.ts'
import type { MailData, MailKind } from '../../mail/templates/render.ts'

/** What every mail says besides its own matter: added when it is rendered. */
export type CommonMailData = 'productName' | 'supportContact' | 'at' | 'device'

/** One mail that is to go out: what kind, to which mailbox, and what its text is made from. */
export type PlannedMail = {
  [Kind in MailKind]: {
    readonly kind: Kind
    readonly to: { readonly email: string; readonly address: string }
    readonly accountId: string | null
    readonly data: Omit<MailData[Kind], CommonMailData>
  }
}[MailKind]

/** Why a mail that was asked for will not be sent, as Support reads it. */
export interface Settled {
  readonly settled: 'no_account' | 'held_back' | 'not_needed'
  readonly reason: string
}

export type MailPlan = PlannedMail | Settled

/** What planning works with: one transaction that looks the account up, mints the link and marks the mail. */
export interface Planning {
  readonly deps: Deps
  readonly tx: Transaction
  readonly mail: Mail
  readonly now: Date
}

export function after(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000)
}
