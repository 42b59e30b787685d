import type { EmailChange } from '../../database/generated/client.ts'
import { maskAddress } from '../../mail/mask-address.ts'
import { mintMailedToken } from '../mailed-links/mailed-tokens.ts'
import { hasRoomFor, type MailLimit } from './mail-limits.ts'
import { after, linkTo, type MailPlan, type Planning } from './mail-plan.ts'

/** Anybody with an account can have us write to any free address; a hundred accounts must not make it a flood. */
const LIMIT: MailLimit = { requests: ['confirm_email'], most: 10, windowSeconds: 3600 }

const OVER = { settled: 'not_needed', reason: 'the change is over' } as const

/** To the new address: the link that proves it. */
export async function planConfirmEmailMail(planning: Planning): Promise<MailPlan> {
  const { deps, tx, mail, now } = planning
  const change = await readChange(planning)
  if (!change || !isPending(change, now)) return OVER
  if (!(await hasRoomFor(tx, mail, { ...LIMIT, now }))) {
    return { settled: 'held_back', reason: 'too many confirm mails to this address in the last hour' }
  }
  const { accountId, id: emailChangeId, expiresAt } = change
  const { credentialVersion } = await tx.account.findUniqueOrThrow({ where: { id: accountId } })
  const token = await mintMailedToken(tx, {
    purpose: 'confirm_email',
    mailId: mail.id,
    address: mail.address,
    accountId,
    emailChangeId,
    credentialVersion,
    now,
    expiresAt,
  })
  const lifetimeSeconds = Math.round((expiresAt.getTime() - now.getTime()) / 1000)
  const link = linkTo(deps.config.links.confirmEmail, token)
  return { kind: 'confirm_email', to: mail, accountId, data: { link, lifetimeSeconds } }
}

/** To the old address as the change is asked for: a link that cancels it, and puts the address back afterwards. */
export async function planEmailChangeRequestedMail(planning: Planning): Promise<MailPlan> {
  const change = await readChange(planning)
  if (!change || (!isPending(change, planning.now) && change.confirmedAt === null)) return OVER
  return { kind: 'email_change_requested', ...(await mintRevert(planning, change)) }
}

/** To the old address once the change is confirmed. */
export async function planEmailChangedMail(planning: Planning): Promise<MailPlan> {
  const change = await readChange(planning)
  if (!change || change.revertedAt) return OVER
  return { kind: 'email_changed', ...(await mintRevert(planning, change)) }
}

async function readChange({ tx, mail }: Planning): Promise<EmailChange | null> {
  return mail.emailChangeId === null ? null : tx.emailChange.findUnique({ where: { id: mail.emailChangeId } })
}

function isPending(change: EmailChange, now: Date): boolean {
  return change.confirmedAt === null && change.endedAt === null && change.expiresAt > now
}

/** No credential version: whatever a thief changes next, this link must still put things right. */
async function mintRevert({ deps, tx, mail, now }: Planning, change: EmailChange) {
  const lifetimeSeconds = deps.config.lifetimes.revertToken
  const { accountId, id: emailChangeId } = change
  const token = await mintMailedToken(tx, {
    purpose: 'revert_email',
    mailId: mail.id,
    address: mail.address,
    accountId,
    emailChangeId,
    now,
    expiresAt: after(now, lifetimeSeconds),
  })
  const link = linkTo(deps.config.links.revertEmail, token)
  return { to: mail, accountId, data: { link, lifetimeSeconds, newEmailHint: maskAddress(change.toEmail) } }
}
