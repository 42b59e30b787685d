import { normalizedForm } from '../../mail/email-address.ts'
import { addressState } from '../addresses/addresses.ts'
import { createMailedLink } from '../mailed-links/create-mailed-link.ts'
import { networkOf } from '../throttle/network.ts'
import { hasRoomFor, type MailLimit } from './mail-limits.ts'
import { after, type MailPlan, type Planning } from './mail-plan.ts'
import { mintReset } from './plan-reset-mail.ts'
import type { MailContext } from './queue-mail.ts'

/** Strangers can make us write to anybody: no more than this an hour, of the two sorts together. */
const LIMIT: MailLimit = { requests: ['registration', 'verification'], most: 5, windowSeconds: 3600 }

/** Somebody registered an address: what the mail says depends on whether it is new, in use or locked. */
export async function planRegistrationMail(planning: Planning): Promise<MailPlan> {
  const { deps, tx, mail, now } = planning
  if (!(await hasRoomFor(tx, mail, { ...LIMIT, now }))) return planInsteadOfNothing(planning)
  const address = normalizedForm(mail.address)
  const state = await addressState(deps, tx, address)
  if (state === 'locked') return { kind: 'address_locked', to: mail, accountId: null, data: {} }
  if (state === 'in_use') {
    const { account } = await tx.address.findUniqueOrThrow({ where: { address }, select: { account: true } })
    const to = { email: account?.email ?? mail.email, address }
    return { kind: 'already_registered', to, accountId: account?.id ?? null, data: {} }
  }
  const registration = await tx.registration.findUnique({ where: { id: mail.registrationId ?? mail.id } })
  if (!registration) return { settled: 'not_needed', reason: 'the registration is over' }
  return verifyRegistration(planning, registration.id)
}

/**
 * Somebody asked for another verification mail. Where several registrations wait for one address, their passwords are
 * several people's: a link that picked one could pick an attacker's, so this one lets the owner choose a password.
 */
export async function planVerificationMail(planning: Planning): Promise<MailPlan> {
  const { deps, tx, mail, now } = planning
  const address = normalizedForm(mail.address)
  const holder = await tx.address.findFirst({ where: { address, lockedAt: null }, select: { account: true } })
  const waiting = await tx.registration.findMany({ where: { address, expiresAt: { gt: now } }, take: 2 })
  const [registration] = waiting
  if (holder?.account?.emailVerifiedAt || holder?.account?.disabledAt) {
    return { settled: 'not_needed', reason: 'the address is confirmed already, or the account disabled' }
  }
  if (!holder?.account && !registration) return { settled: 'no_account', reason: 'no account and no registration' }
  if (!(await hasRoomFor(tx, mail, { ...LIMIT, now }))) return planInsteadOfNothing(planning)
  if (holder?.account) return verifyAccount(planning, holder.account)
  if ((await addressState(deps, tx, address)) === 'locked') {
    return { kind: 'address_locked', to: mail, accountId: null, data: {} }
  }
  return waiting.length === 1 && registration ? verifyRegistration(planning, registration.id) : choosePassword(planning)
}

const HELD_BACK = { settled: 'held_back', reason: 'too many mails to this address in the last hour' } as const

/**
 * Strangers can use up the mails of an address, so that its owner's own registration gets none: whoever then opens what
 * there is would put a stranger's password in force. So where registrations came from several networks one more mail
 * goes out, with a link to choose a password, and the links before it are over.
 */
async function planInsteadOfNothing(planning: Planning): Promise<MailPlan> {
  const { deps, tx, mail, now } = planning
  const isFree = (await addressState(deps, tx, normalizedForm(mail.address))) === 'free'
  const hasReserve = await hasRoomFor(tx, mail, { ...LIMIT, most: LIMIT.most + 1, now })
  if (!isFree || !hasReserve || (await countNetworks(planning)) < 2) return HELD_BACK
  await tx.mailedToken.updateMany({
    where: { purpose: 'verify_email', accountId: null, address: mail.address, spentAt: null, expiresAt: { gt: now } },
    data: { expiresAt: now },
  })
  return choosePassword(planning)
}

async function countNetworks({ tx, mail, now }: Planning): Promise<number> {
  const waiting = await tx.registration.findMany({
    where: { address: mail.address, expiresAt: { gt: now } },
    select: { id: true },
  })
  const asked = await tx.mail.findMany({
    where: { registrationId: { in: waiting.map(({ id }) => id) } },
    select: { context: true },
  })
  return new Set(asked.map(({ context }) => networkOf((context as MailContext).ip ?? ''))).size
}

async function verifyRegistration(planning: Planning, registrationId: string): Promise<MailPlan> {
  const { tx, mail, now } = planning
  const data = await createMailedLink(planning, { purpose: 'verify_email', registrationId })
  const expiresAt = after(now, data.lifetimeSeconds)
  // A link must not outlive the registration it is for.
  await tx.registration.updateMany({ where: { id: registrationId, expiresAt: { lt: expiresAt } }, data: { expiresAt } })
  return { kind: 'verify_email', to: mail, accountId: null, data }
}

async function verifyAccount(
  planning: Planning,
  account: { id: string; email: string; credentialVersion: number },
): Promise<MailPlan> {
  const to = { email: account.email, address: planning.mail.address }
  const data = await createMailedLink(planning, { purpose: 'verify_email', account })
  return { kind: 'verify_email', to, accountId: account.id, data }
}

async function choosePassword(planning: Planning): Promise<MailPlan> {
  return { kind: 'choose_password', ...(await mintReset(planning, null)) }
}
