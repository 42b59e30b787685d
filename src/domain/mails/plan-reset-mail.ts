import type { Account } from '../../database/generated/client.ts'
import { lockMailbox, shareAccountRow } from '../../database/row-locks.ts'
import { normalizedForm } from '../../mail/email-address.ts'
import { addressState } from '../addresses/addresses.ts'
import { recordEvent } from '../events/record-event.ts'
import { createMailedLink } from '../mailed-links/create-mailed-link.ts'
import { endLinksOfMails } from '../mailed-links/end-mailed-links.ts'
import { liveLink } from '../row-states.ts'
import { hasRoomFor, type MailLimit } from './mail-limits.ts'
import type { MailPlan, Planning } from './mail-plan.ts'
import type { MailContext } from './queue-mail.ts'

/** Whoever floods a victim's mailbox stops here; the links that did go out still work. */
const LIMIT: MailLimit = { requests: ['reset_password'], most: 10, windowSeconds: 3600 }
/** Asking twice must not kill the first mail's link; asking ten times must not leave ten. */
const MOST_LIVE_LINKS = 3

/** Somebody asked for reset instructions for an address that may or may not have an account. */
export async function planResetMail(planning: Planning): Promise<MailPlan> {
  const { tx, mail, now } = planning
  const { address } = mail
  const holder = await tx.address.findFirst({ where: { address, lockedAt: null }, select: { account: true } })
  const account = holder?.account ?? null
  if (!account && !(await hasRegistration(planning)))
    return { settled: 'no_account', reason: 'no account has this address' }
  if (account?.disabledAt) return { settled: 'not_needed', reason: 'the account is disabled' }
  const hasRoom = await hasRoomFor(tx, mail, { ...LIMIT, now })
  if (!hasRoom) return { settled: 'held_back', reason: 'too many reset mails to this address in the last hour' }
  if ((await countLiveLinks(planning, account)) >= MOST_LIVE_LINKS) {
    return { settled: 'held_back', reason: 'three links that still work are in the mailbox already' }
  }
  if (account) await recordRequest(planning, account.id)
  return { kind: 'reset_password', ...(await mintReset(planning, account)) }
}

/** The request itself could not tell whose it was. Planned again after a failed delivery, it still is one request. */
async function recordRequest({ tx, mail, now }: Planning, accountId: string): Promise<void> {
  if (mail.kind !== null) return
  const { ip, userAgent, requestId } = mail.context as MailContext
  const origin = ip !== null && requestId ? { ip, userAgent, requestId } : null
  await recordEvent(tx, { type: 'password.reset_requested', at: now, accountId, actor: 'anonymous', origin })
}

/**
 * Support sends them again because no mail came: it must not be held back by what did not come, nor by strangers who
 * asked. Where three links live already, the oldest make room.
 */
export async function planResetBySupportMail(planning: Planning): Promise<MailPlan> {
  const { tx, mail } = planning
  const account = mail.accountId && (await shareAccountRow(tx, mail.accountId))
  const isCurrent =
    account && (await tx.address.count({ where: { address: mail.address, accountId: account.id, lockedAt: null } })) > 0
  if (!account || !isCurrent) return { settled: 'not_needed', reason: 'the account has another address by now' }
  if (account.disabledAt) return { settled: 'not_needed', reason: 'the account is disabled' }
  await lockMailbox(tx, mail.address) // two workers would leave a link too many
  await endOldestLinks(planning, account)
  return { kind: 'reset_password', ...(await mintReset(planning, account)) }
}

/** The instructions that follow a revert: never held back, for no password works until they are followed. */
export async function planResetAfterRevertMail(planning: Planning): Promise<MailPlan> {
  const { tx, mail } = planning
  const account = mail.accountId && (await shareAccountRow(tx, mail.accountId))
  if (!account || account.passwordHash !== null || account.disabledAt) {
    return { settled: 'not_needed', reason: 'the account has a password again, or is gone or disabled' }
  }
  const { data, ...planned } = await mintReset(planning, account)
  return { kind: 'reset_after_revert', ...planned, data: { ...data, email: account.email } }
}

/** Of a locked address too somebody may have registered: a link there would open nothing. */
async function hasRegistration({ deps, tx, mail, now }: Planning): Promise<boolean> {
  const { address } = mail
  if ((await tx.registration.count({ where: { address, expiresAt: { gt: now } } })) === 0) return false
  return (await addressState(deps, tx, normalizedForm(address))) === 'free'
}

async function countLiveLinks(planning: Planning, account: Account | null): Promise<number> {
  return (await findLiveLinks(planning, account)).length
}

/** The mails whose links still work, the newest first. */
async function findLiveLinks({ tx, mail, now }: Planning, account: Account | null): Promise<{ mailId: string }[]> {
  return tx.mailedToken.findMany({
    where: {
      purpose: 'reset_password',
      ...(account ? { accountId: account.id, credentialVersion: account.credentialVersion } : { accountId: null }),
      address: mail.address,
      mailId: { not: mail.id },
      ...liveLink(now),
    },
    distinct: ['mailId'], // a mail that was tried again has a token for each try
    orderBy: { createdAt: 'desc' },
    select: { mailId: true },
  })
}

async function endOldestLinks(planning: Planning, account: Account): Promise<void> {
  const { tx, now } = planning
  const mailIds = (await findLiveLinks(planning, account)).slice(MOST_LIVE_LINKS - 1).map(({ mailId }) => mailId)
  await endLinksOfMails(tx, { mailIds, now })
}

/** Without an account the link opens one, for whoever reads this mailbox: see passwords/reset-password.ts. */
export async function mintReset(planning: Planning, account: Account | null) {
  const { mail } = planning
  const data = await createMailedLink(planning, { purpose: 'reset_password', ...(account ? { account } : {}) })
  const to = { email: account?.email ?? mail.email, address: mail.address }
  return { to, accountId: account?.id ?? null, data }
}
