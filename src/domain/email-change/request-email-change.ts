import { inTransaction, type Transaction } from '../../database/client.ts'
import { keepSessionOpen, lockAccountRow } from '../../database/row-locks.ts'
import type { Deps } from '../../deps.ts'
import type { EmailAddress } from '../../mail/email-address.ts'
import type { PlainPassword } from '../../security/plain-password.ts'
import { hashAddress } from '../addresses/address-hashes.ts'
import { addressState } from '../addresses/addresses.ts'
import { requireAddress } from '../addresses/require-address.ts'
import { type Origin, recordEvent, recordEventWithoutChange } from '../events/record-event.ts'
import { queueMail } from '../mails/queue-mail.ts'
import { provePassword } from '../passwords/prove-password.ts'
import { consumeReauthentication, requireReauthentication } from '../passwords/reauthentication.ts'
import type { Principal } from '../principals.ts'
import { Refusal } from '../problems.ts'
import { unfinishedChange } from '../row-states.ts'
import { limitUse } from '../throttle/limit-use.ts'

/** An answer says whether an address is available: as many per hour as a person needs, too few to go through a list. */
const TRIES = { most: 20, windowSeconds: 3600 }

export interface RequestEmailChangeInput {
  readonly principal: Principal
  readonly newEmail: string
  /** From `POST /v1/reauthenticate`. Ignored if `currentPassword` is given; a password change refuses both together. */
  readonly reauthToken?: string
  readonly currentPassword?: PlainPassword
  readonly origin: Origin
}

/**
 * Requests an email change. The old address stays in force until the link in the mail to the new address is opened. The old
 * address receives a notice with a link that cancels the change. A second request replaces the first.
 *
 * A refused request does not consume the reauthentication token. A request for an address that is not available is recorded
 * in the audit trail, with a keyed hash of the address.
 *
 * @throws {Refusal} invalid_email, reauthentication_required, wrong_password, too_many_attempts, email_unchanged,
 *   email_unavailable, unauthenticated
 */
export async function requestEmailChange(
  deps: Deps,
  input: RequestEmailChangeInput,
): Promise<{ pendingEmail: string; expiresAt: Date }> {
  const { principal, currentPassword, reauthToken, origin } = input
  const to = requireAddress(input.newEmail, 'newEmail')
  if (currentPassword) await provePassword(deps, { principal, currentPassword, origin })
  const now = deps.clock.now()
  const proof = { principal, reauthToken, now }
  if (!currentPassword) await requireReauthentication(deps.db, proof)
  await limitUse(deps, ['email change', principal.accountId], TRIES)

  const expiresAt = new Date(now.getTime() + deps.config.lifetimes.verifyToken * 1000)
  const isAvailable = await inTransaction(deps.db, async (tx) => {
    const account = await lockAccountRow(tx, principal.accountId)
    if (account?.credentialVersion !== principal.credentialVersion) throw new Refusal('unauthenticated')
    if (!(await keepSessionOpen(tx, principal.sessionId))) throw new Refusal('unauthenticated')
    if (!(await isAvailableTo(deps, tx, { principal, to }))) return false
    if (!currentPassword) await consumeReauthentication(tx, proof)
    const { passwordHash } = account
    await replacePendingChange(tx, { principal, to, passwordHash, expiresAt, origin, now })
    return true
  })
  if (!isAvailable) return refuseUnavailable(deps, { principal, to, origin, now })
  return { pendingEmail: to.email, expiresAt }
}

/** Free for anyone, or a former address of the account itself. */
async function isAvailableTo(
  deps: Deps,
  tx: Transaction,
  wanted: { principal: Principal; to: EmailAddress },
): Promise<boolean> {
  const { principal, to } = wanted
  if (to.address === principal.address) throw new Refusal('email_unchanged')
  const formerly = await tx.address.count({ where: { address: to.address, accountId: principal.accountId } })
  return formerly > 0 || (await addressState(deps, tx, to.address)) === 'free'
}

/** The limit on requests bounds these events too: 20 per account and hour. */
async function refuseUnavailable(
  deps: Deps,
  refused: { principal: Principal; to: EmailAddress; origin: Origin; now: Date },
): Promise<never> {
  const { principal, to, origin, now } = refused
  await recordEventWithoutChange(deps, {
    type: 'email_change.refused',
    outcome: 'failure',
    at: now,
    accountId: principal.accountId,
    sessionId: principal.sessionId,
    origin,
    details: { reason: 'email_unavailable', addressHash: hashAddress(deps, to.address) },
  })
  throw new Refusal('email_unavailable')
}

async function replacePendingChange(
  tx: Transaction,
  change: {
    principal: Principal
    to: EmailAddress
    passwordHash: string | null
    expiresAt: Date
    origin: Origin
    now: Date
  },
): Promise<void> {
  const { principal, to, passwordHash, expiresAt, origin, now } = change
  const { accountId, sessionId } = principal
  const from = { email: principal.account.email, address: principal.address }
  await tx.emailChange.updateMany({
    where: { accountId, ...unfinishedChange },
    data: { endedAt: now, endReason: 'replaced' },
  })
  const { id: emailChangeId } = await tx.emailChange.create({
    data: {
      accountId,
      sessionId,
      fromEmail: from.email,
      fromAddress: from.address,
      toEmail: to.email,
      toAddress: to.address,
      passwordHash,
      requestedAt: now,
      expiresAt,
    },
    select: { id: true },
  })
  await recordEvent(tx, {
    type: 'email_change.requested',
    at: now,
    accountId,
    sessionId,
    origin,
    details: { to: to.email },
  })
  await queueMail(tx, { request: 'confirm_email', to, accountId, emailChangeId, origin, now })
  await queueMail(tx, { request: 'email_change_requested', to: from, accountId, emailChangeId, origin, now })
}
