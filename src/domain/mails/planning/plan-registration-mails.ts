import type { Account } from '../../../database/generated/client.ts'
import { shareAccountRow } from '../../../database/row-locks.ts'
import { normalizedForm } from '../../../mail/email-address.ts'
import { addressState } from '../../addresses/addresses.ts'
import { createMailedLink } from '../../mailed-links/create-mailed-link.ts'
import { hasRoomFor, type MailLimit, mayMailStrangers } from './mail-limits.ts'
import type { MailPlan, Planning, UnsentMail } from './planned-mail.ts'

/** Anybody can request a mail to any address. These limits count the mails for registrations and verifications together. */
const REQUESTS = ['registration', 'verification'] as const
const MAILBOX_LIMIT: MailLimit = {
  requests: REQUESTS,
  kinds: ['verify_email', 'already_registered', 'address_locked'],
  most: 6,
  windowSeconds: 3600,
}
/** The limit per network is lower, so that one network cannot use up the mails for the owner in another network. */
const NETWORK_LIMIT: MailLimit = { ...MAILBOX_LIMIT, most: 5, sameNetwork: true }
/** One more mail is allowed if its link lets the owner choose the password. The link works for one day. */
const RESERVE: MailLimit = { requests: REQUESTS, kinds: ['choose_password'], most: 1, windowSeconds: 3600 }

const TOO_MANY = { unsent: 'held_back', reason: 'too many mails to this address in the last hour' } as const
const TOO_MANY_OF_NETWORK = {
  unsent: 'held_back',
  reason: 'too many mails were requested from this network in the last hour',
} as const

/** Plans the mail for a registration. Its text depends on whether the address is free, in use or locked. */
export async function planRegistration(planning: Planning): Promise<MailPlan> {
  const { deps, tx, mail } = planning
  const holder = await readHolder(planning)
  const hasRoom = await hasRoomForRegistration(planning)
  const address = normalizedForm(mail.address)
  const state = await addressState(deps, tx, address)
  if (state !== 'free') {
    if (!hasRoom) return TOO_MANY
    return holder ? planAlreadyRegistered(planning, holder) : planAddressLocked(planning)
  }
  const registration = await tx.registration.findUnique({ where: { id: mail.registrationId ?? mail.id } })
  if (!registration) return { unsent: 'not_needed', reason: 'the registration is over' }
  if (!(await mayMailStrangers(planning))) return withoutLink(planning, TOO_MANY_OF_NETWORK)
  return hasRoom ? planVerifyRegistration(planning, registration.id) : planReserve(planning)
}

/**
 * Plans another verification mail. If several registrations wait for one address, their passwords may belong
 * to several people, and a link for one of them might put an attacker's password in force. The link then lets the owner
 * choose a password.
 */
export async function planVerification(planning: Planning): Promise<MailPlan> {
  const { deps, tx, mail, now } = planning
  const address = normalizedForm(mail.address)
  const holder = await readHolder(planning)
  if (holder?.disabledAt) return { unsent: 'not_needed', reason: 'the account is disabled' }
  const hasRoom = await hasRoomForRegistration(planning)
  if (holder) {
    if (!hasRoom) return TOO_MANY
    return holder.emailVerifiedAt ? planAlreadyRegistered(planning, holder) : planVerifyAccount(planning, holder)
  }
  const waiting = await tx.registration.findMany({ where: { address, expiresAt: { gt: now } }, take: 2 })
  const [registration] = waiting
  if (!registration) return { unsent: 'no_account', reason: 'no account and no registration' }
  if ((await addressState(deps, tx, address)) === 'locked') return hasRoom ? planAddressLocked(planning) : TOO_MANY
  if (!(await mayMailStrangers(planning))) return TOO_MANY_OF_NETWORK
  // A registration whose mail was held back may have been preceded by others: see withoutLink.
  const isTheOnlyOne = waiting.length === 1 && registration.mailHeldBackAt === null
  return isTheOnlyOne && hasRoom ? planVerifyRegistration(planning, registration.id) : planReserve(planning)
}

async function readHolder({ tx, mail }: Planning): Promise<Account | null> {
  const where = { address: mail.address, lockedAt: null }
  const holder = await tx.address.findFirst({ where, select: { accountId: true } })
  return holder?.accountId ? shareAccountRow(tx, holder.accountId) : null
}

function hasRoomForRegistration(planning: Planning): Promise<boolean> {
  const limits = planning.mail.network === null ? [MAILBOX_LIMIT] : [MAILBOX_LIMIT, NETWORK_LIMIT]
  return hasRoomFor(planning, ...limits)
}

/**
 * Strangers can use up the mails of an address before its owner registers it. The owner would then get no mail of their
 * own, would open one of the strangers' links, and would put a stranger's password in force. So where several
 * registrations wait, one more mail is sent, with a link to choose a password. The older links still work, because one
 * of them may be the owner's.
 */
async function planReserve(planning: Planning): Promise<MailPlan> {
  const { tx, mail, now } = planning
  const waiting = await tx.registration.findMany({
    where: { address: mail.address, expiresAt: { gt: now } },
    select: { mailHeldBackAt: true },
    take: 2,
  })
  const mayBeOthers = waiting.length > 1 || waiting.some(({ mailHeldBackAt }) => mailHeldBackAt !== null)
  if (!mayBeOthers || !(await hasRoomFor(planning, RESERVE))) return withoutLink(planning, TOO_MANY)
  await markWithoutLink(planning)
  return planChoosePassword(planning)
}

/**
 * A registration whose mail was held back has no link, so nobody can confirm it. Per address only the newest of them is
 * kept. It answers a sign-in with `email_not_verified`, and it shows `planVerification` that more than one person may have
 * registered. The older ones are deleted, so that strangers cannot fill the table.
 */
async function withoutLink(planning: Planning, unsent: UnsentMail): Promise<UnsentMail> {
  await markWithoutLink(planning)
  return unsent
}

async function markWithoutLink({ tx, mail, now }: Planning): Promise<void> {
  if (mail.registrationId === null) return
  const { address } = mail
  const where = { id: mail.registrationId, mailHeldBackAt: null }
  const { count } = await tx.registration.updateMany({ where, data: { mailHeldBackAt: now } })
  if (count === 0) return
  const newest = await tx.registration.findFirst({
    where: { address, mailHeldBackAt: { not: null } },
    orderBy: { createdAt: 'desc' },
    select: { id: true },
  })
  await tx.registration.deleteMany({
    where: { address, mailHeldBackAt: { not: null }, id: { not: newest?.id ?? mail.registrationId } },
  })
}

function planAlreadyRegistered({ mail }: Planning, account: Account): MailPlan {
  return {
    to: { email: account.email, address: mail.address },
    accountId: account.id,
    accountLocale: account.locale,
    text: { kind: 'already_registered', matter: {} },
  }
}

function planAddressLocked({ mail }: Planning): MailPlan {
  return { to: mail, accountId: null, text: { kind: 'address_locked', matter: {} } }
}

async function planVerifyRegistration(planning: Planning, registrationId: string): Promise<MailPlan> {
  const { tx, mail, now } = planning
  const { token, link } = createMailedLink(planning, { purpose: 'verify_email', registrationId })
  const expiresAt = after(now, link.lifetimeSeconds)
  // A link must not outlive the registration that it is for.
  await tx.registration.updateMany({ where: { id: registrationId, expiresAt: { lt: expiresAt } }, data: { expiresAt } })
  return { to: mail, accountId: null, registrationId, text: { kind: 'verify_email', matter: link }, token }
}

function planVerifyAccount(planning: Planning, account: Account): MailPlan {
  const { token, link } = createMailedLink(planning, { purpose: 'verify_email', account })
  return {
    to: { email: account.email, address: planning.mail.address },
    accountId: account.id,
    accountLocale: account.locale,
    text: { kind: 'verify_email', matter: link },
    token,
  }
}

/** Without an account, a reset link creates one for the reader of this mailbox: see passwords/reset-password.ts. */
function planChoosePassword(planning: Planning): MailPlan {
  const { deps, mail, now } = planning
  const expiresAt = after(now, deps.config.lifetimes.verifyToken)
  const { token, link } = createMailedLink(planning, { purpose: 'reset_password', expiresAt })
  return { to: mail, accountId: null, text: { kind: 'choose_password', matter: link }, token }
}

function after(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000)
}
