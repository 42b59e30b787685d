import type { Account, EmailChange } from '../../../database/generated/client.ts'
import { shareAccountRow } from '../../../database/row-locks.ts'
import { maskAddress } from '../../../mail/mask-address.ts'
import { createMailedLink } from '../../mailed-links/create-mailed-link.ts'
import { isPendingChange } from '../../row-states.ts'
import { hasRoomFor, type MailLimit } from './mail-limits.ts'
import type { MailPlan, Planning } from './planned-mail.ts'

/** Every account holder can request a mail to any free address. The limit counts the mails of all accounts together. */
const LIMIT: MailLimit = { requests: ['confirm_email'], most: 10, windowSeconds: 3600 }

const OVER = { unsent: 'not_needed', reason: 'the change is over' } as const

/** The mail to the new address, with the confirm link. */
export async function planConfirmEmail(planning: Planning): Promise<MailPlan> {
  const { mail, now } = planning
  const subject = await readChange(planning)
  if (!subject || !isPendingChange(subject.change, now)) return OVER
  if (!(await hasRoomFor(planning, LIMIT))) {
    return { unsent: 'held_back', reason: 'too many confirm mails to this address in the last hour' }
  }
  const { account, change } = subject
  const { id: emailChangeId, expiresAt } = change
  const wanted = { purpose: 'confirm_email', account, emailChangeId, expiresAt } as const
  const { token, link } = createMailedLink(planning, wanted)
  const { id: accountId, locale: accountLocale } = account
  return { to: mail, accountId, accountLocale, text: { kind: 'confirm_email', matter: link }, token }
}

/** The notice to the old address when a change is requested. Its revert link cancels the change, or undoes it later. */
export async function planEmailChangeRequested(planning: Planning): Promise<MailPlan> {
  const subject = await readChange(planning)
  if (!subject || subject.change.revertedAt) return OVER
  if (!isPendingChange(subject.change, planning.now) && subject.change.confirmedAt === null) return OVER
  return planRevertLink(planning, subject, 'email_change_requested')
}

/** The notice to the old address when the change is confirmed. */
export async function planEmailChanged(planning: Planning): Promise<MailPlan> {
  const subject = await readChange(planning)
  if (!subject || subject.change.revertedAt) return OVER
  return planRevertLink(planning, subject, 'email_changed')
}

/** The account's row lock comes first, so that the change cannot be reverted between this and the link's creation. */
async function readChange({ tx, mail }: Planning): Promise<{ account: Account; change: EmailChange } | null> {
  const account = mail.accountId === null ? null : await shareAccountRow(tx, mail.accountId)
  const change = mail.emailChangeId && (await tx.emailChange.findUnique({ where: { id: mail.emailChangeId } }))
  return account && change ? { account, change } : null
}

function planRevertLink(
  planning: Planning,
  { account, change }: { account: Account; change: EmailChange },
  kind: 'email_change_requested' | 'email_changed',
): MailPlan {
  const { token, link } = createMailedLink(planning, { purpose: 'revert_email', account, emailChangeId: change.id })
  const matter = { ...link, newEmailHint: maskAddress(change.toEmail) }
  const { id: accountId, locale: accountLocale } = account
  return { to: planning.mail, accountId, accountLocale, text: { kind, matter }, token }
}
