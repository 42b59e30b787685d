import type { Account } from '../../../database/generated/client.ts'
import { lockMailbox, shareAccountRow } from '../../../database/row-locks.ts'
import { normalizedForm } from '../../../mail/email-address.ts'
import { addressState } from '../../addresses/addresses.ts'
import { recordEvent } from '../../events/record-event.ts'
import { createMailedLink } from '../../mailed-links/create-mailed-link.ts'
import { endLinksOfMails } from '../../mailed-links/end-mailed-links.ts'
import { liveLink } from '../../row-states.ts'
import type { RequestedMail } from '../mail-jobs.ts'
import { hashMailbox } from '../mailbox.ts'
import type { MailContext } from '../queue-mail.ts'
import { hasRoomFor, type MailLimit, mayMailStrangers } from './mail-limits.ts'
import type { MailPlan, Planning, UnsentMail } from './planned-mail.ts'

/** Prevents a flood of mails to one mailbox. The links that were sent still work. */
const LIMIT: MailLimit = { requests: ['reset_password'], most: 10, windowSeconds: 3600 }
/**
 * Keep more than one link alive: the person may open the first mail after asking twice. But keep few, so that ten requests
 * do not leave ten working links.
 */
const MOST_LIVE_LINKS = 3

/** Plans the reset instructions that a person requested for an address, which may have no account. */
export async function planReset(planning: Planning): Promise<MailPlan> {
  const { tx, mail } = planning
  const holder = await tx.address.findFirst({
    where: { address: mail.address, lockedAt: null },
    select: { accountId: true },
  })
  const account = holder?.accountId ? await shareAccountRow(tx, holder.accountId) : null
  if (account?.disabledAt) return { unsent: 'not_needed', reason: 'the account is disabled' }
  if (!(await hasRoomFor(planning, LIMIT))) {
    return { unsent: 'held_back', reason: 'too many reset mails to this address in the last hour' }
  }
  if (!account && !(await hasRegistration(planning))) {
    return { unsent: 'no_account', reason: 'no account has this address' }
  }
  const live = await findLiveLinks(planning, account)
  if (live.filter(({ request }) => request === 'reset_password').length >= MOST_LIVE_LINKS) {
    return { unsent: 'held_back', reason: 'three links that still work are in the mailbox already' }
  }
  if (!account && !(await mayMailStrangers(planning))) {
    return { unsent: 'held_back', reason: 'too many mails were requested from this network in the last hour' }
  }
  if (account) await recordRequest(planning, account.id)
  await endSupportLinks(planning, live)
  return planResetLink(planning, account, 'person')
}

/** Records the request here, because only the worker looks the account up. A mail that is planned twice counts once. */
async function recordRequest({ tx, mail, now }: Planning, accountId: string): Promise<void> {
  if (mail.kind !== null) return
  const { ip, userAgent, requestId } = mail.context as MailContext
  const origin = ip !== null && requestId ? { ip, userAgent, requestId, acceptLanguage: null } : null
  await recordEvent(tx, { type: 'password.reset_requested', at: now, accountId, actor: 'anonymous', origin })
}

/**
 * Support sends these instructions because the person got no mail. So no limit of this file holds them back: neither
 * mails that did not arrive nor mails that strangers requested count. support/users/send-reset-instructions.ts limits how
 * many Support may send. A mail from Support ends only older links from Support, never one that the person requested.
 */
export async function planResetBySupport(planning: Planning): Promise<MailPlan> {
  const { deps, tx, mail } = planning
  const account = mail.accountId && (await shareAccountRow(tx, mail.accountId))
  const isCurrent =
    account && (await tx.address.count({ where: { address: mail.address, accountId: account.id, lockedAt: null } })) > 0
  if (!account || !isCurrent) return { unsent: 'not_needed', reason: 'the account has another address by now' }
  if (account.disabledAt) return { unsent: 'not_needed', reason: 'the account is disabled' }
  await lockMailbox(tx, hashMailbox(deps, mail.address)) // otherwise two workers could leave one link too many
  await endSupportLinks(planning, await findLiveLinks(planning, account))
  return planResetLink(planning, account, 'support')
}

/** Plans the reset instructions after a revert. No limit applies, because the account has no working password. */
export async function planResetAfterRevert(planning: Planning): Promise<MailPlan> {
  const { mail } = planning
  const account = await readAccountWithoutPassword(planning)
  if ('unsent' in account) return account
  const link = await createMailedLink(planning, { purpose: 'reset_password', account })
  return {
    to: { email: account.email, address: mail.address },
    accountId: account.id,
    text: { kind: 'reset_after_revert', matter: { ...link, email: account.email } },
  }
}

/** Plans the mail after a verification that could not decide which password is the owner's: see verify-email.ts. */
export async function planChoosePasswordOfAccount(planning: Planning): Promise<MailPlan> {
  const { deps, mail, now } = planning
  const account = await readAccountWithoutPassword(planning)
  if ('unsent' in account) return account
  const expiresAt = new Date(now.getTime() + deps.config.lifetimes.verifyToken * 1000)
  const link = await createMailedLink(planning, { purpose: 'reset_password', account, expiresAt })
  return {
    to: { email: account.email, address: mail.address },
    accountId: account.id,
    text: { kind: 'choose_password', matter: link },
  }
}

async function readAccountWithoutPassword({ tx, mail }: Planning): Promise<Account | UnsentMail> {
  const account = mail.accountId && (await shareAccountRow(tx, mail.accountId))
  if (!account) return { unsent: 'not_needed', reason: 'the account was erased' }
  if (account.passwordHash !== null) return { unsent: 'not_needed', reason: 'the account has a password again' }
  if (account.disabledAt) return { unsent: 'not_needed', reason: 'the account is disabled' }
  return account
}

/** A locked address may have registrations too, but their links cannot create an account. */
async function hasRegistration({ deps, tx, mail, now }: Planning): Promise<boolean> {
  const { address } = mail
  if ((await tx.registration.count({ where: { address, expiresAt: { gt: now } } })) === 0) return false
  return (await addressState(deps, tx, normalizedForm(address))) === 'free'
}

interface LiveLink {
  readonly mailId: string
  readonly request: RequestedMail
}

/**
 * The mails in the mailbox whose reset links still work, the newest first. A mail that was not sent, or that bounced,
 * is not in the mailbox, so its link does not count.
 */
async function findLiveLinks({ tx, mail, now }: Planning, account: Account | null): Promise<LiveLink[]> {
  const links = await tx.mailedToken.findMany({
    where: {
      purpose: 'reset_password',
      ...(account ? { accountId: account.id, credentialVersion: account.credentialVersion } : { accountId: null }),
      address: mail.address,
      mailId: { not: mail.id },
      ...liveLink(now),
    },
    distinct: ['mailId'], // a mail that was sent again has a token for each attempt
    orderBy: { createdAt: 'desc' },
    select: { mailId: true },
  })
  const mails = await tx.mail.findMany({
    where: { id: { in: links.map(({ mailId }) => mailId) }, state: { in: [...IN_THE_MAILBOX] } },
    select: { id: true, request: true },
  })
  const requests = new Map(mails.map(({ id, request }) => [id, request as RequestedMail]))
  return links.flatMap(({ mailId }) => {
    const request = requests.get(mailId)
    return request === undefined ? [] : [{ mailId, request }]
  })
}

/** The states of a mail that has reached its mailbox, or that may still reach it. */
const IN_THE_MAILBOX = ['sending', 'sent', 'deferred', 'delivered', 'opened'] as const

/** Makes room for one more link: invalidates Support's oldest links if the mailbox has too many. */
async function endSupportLinks({ tx, now }: Planning, live: readonly LiveLink[]): Promise<void> {
  const ofSupport = live.filter(({ request }) => request === 'reset_by_support')
  const tooMany = live.length + 1 - MOST_LIVE_LINKS
  if (tooMany <= 0) return
  await endLinksOfMails(tx, { mailIds: ofSupport.slice(-tooMany).map(({ mailId }) => mailId), now })
}

async function planResetLink(
  planning: Planning,
  account: Account | null,
  requestedBy: 'person' | 'support',
): Promise<MailPlan> {
  const link = await createMailedLink(planning, { purpose: 'reset_password', ...(account && { account }) })
  return {
    to: { email: account?.email ?? planning.mail.email, address: planning.mail.address },
    accountId: account?.id ?? null,
    text: { kind: 'reset_password', matter: { ...link, requestedBy } },
  }
}
