import { inTransaction, type Transaction } from '../../database/client.ts'
import { keepSessionOpen, lockAccountRow } from '../../database/row-locks.ts'
import type { Deps } from '../../deps.ts'
import type { EmailAddress } from '../../mail/email-address.ts'
import { hashOpaqueToken } from '../../security/opaque-token.ts'
import type { PlainPassword } from '../../security/plain-password.ts'
import { addressState } from '../addresses/addresses.ts'
import { requireAddress } from '../addresses/require-address.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import { queueMail } from '../mails/queue-mail.ts'
import { provePassword } from '../passwords/prove-password.ts'
import type { Principal } from '../principals.ts'
import { Refusal } from '../problems.ts'
import { limitUse } from '../throttle/limit-use.ts'

/** A signed-in person can ask about addresses here: as many tries an hour as a person needs, not a list of strangers. */
const TRIES = { most: 20, windowSeconds: 3600 }

export interface RequestEmailChangeInput {
  readonly principal: Principal
  readonly newEmail: string
  /** One of the two proves that the password was typed: from `reauthenticate`, or here and now. */
  readonly reauthToken?: string
  readonly currentPassword?: PlainPassword
  readonly origin: Origin
}

/**
 * Asks to move the account to another address. Nothing changes until the link in the mail to the new address is
 * opened; the old address is told and can cancel. A second request replaces the first. A refused one spends nothing.
 *
 * @throws {Refusal} invalid_email, reauthentication_required, wrong_password, too_many_attempts, email_unchanged, email_unavailable
 */
export async function requestEmailChange(
  deps: Deps,
  input: RequestEmailChangeInput,
): Promise<{ pendingEmail: string; expiresAt: Date }> {
  const { principal, currentPassword, reauthToken, origin } = input
  const to = requireAddress(input.newEmail, 'newEmail')
  if (currentPassword) await provePassword(deps, { principal, currentPassword, origin })
  const now = deps.clock.now()
  const proof = { principal, reauthToken: reauthToken ?? '', now }
  if (!currentPassword) await findReauthentication(deps, proof)
  await limitUse(deps, `email change of ${principal.accountId}`, TRIES)

  return inTransaction(deps.db, async (tx) => {
    const account = await lockAccountRow(tx, principal.accountId)
    if (account?.credentialVersion !== principal.credentialVersion) throw new Refusal('unauthenticated')
    if (!(await keepSessionOpen(tx, principal.sessionId))) throw new Refusal('unauthenticated')
    if (!currentPassword) await spendReauthentication(tx, proof)
    await assertAvailable(deps, tx, { principal, to })
    const expiresAt = new Date(now.getTime() + deps.config.lifetimes.verifyToken * 1000)
    await replacePendingChange(tx, { principal, to, expiresAt, origin, now })
    return { pendingEmail: to.email, expiresAt }
  })
}

type Proof = { principal: Principal; reauthToken: string; now: Date }

/** A proof is good for its own session, once, for five minutes, and not past a credential change. */
function liveReauthentication({ principal, reauthToken, now }: Proof) {
  const { sessionId, credentialVersion } = principal
  return {
    tokenHash: hashOpaqueToken(reauthToken) ?? '',
    sessionId,
    credentialVersion,
    spentAt: null,
    expiresAt: { gt: now },
  }
}

/** Looked at before the tries are counted, so that the thief of an access token cannot use up the owner's. */
async function findReauthentication(deps: Deps, proof: Proof): Promise<void> {
  const found = await deps.db.reauthentication.count({ where: liveReauthentication(proof) })
  if (found === 0) throw new Refusal('reauthentication_required')
}

/** Part of the change's transaction: refusing the change later rolls this back, and the proof can be used again. */
async function spendReauthentication(tx: Transaction, proof: Proof): Promise<void> {
  const { count } = await tx.reauthentication.updateMany({
    where: liveReauthentication(proof),
    data: { spentAt: proof.now },
  })
  if (count === 0) throw new Refusal('reauthentication_required')
}

async function assertAvailable(
  deps: Deps,
  tx: Transaction,
  wanted: { principal: Principal; to: EmailAddress },
): Promise<void> {
  const { principal, to } = wanted
  if (to.address === principal.address) throw new Refusal('email_unchanged')
  const formerly = await tx.address.count({ where: { address: to.address, accountId: principal.accountId } })
  if (formerly > 0) return // one's own former address can be taken back
  if ((await addressState(deps, tx, to.address)) !== 'free') {
    throw new Refusal('email_unavailable', { support: deps.config.supportContact })
  }
}

async function replacePendingChange(
  tx: Transaction,
  change: { principal: Principal; to: EmailAddress; expiresAt: Date; origin: Origin; now: Date },
): Promise<void> {
  const { principal, to, expiresAt, origin, now } = change
  const { accountId, sessionId } = principal
  const from = { email: principal.email, address: principal.address }
  await tx.emailChange.updateMany({
    where: { accountId, confirmedAt: null, endedAt: null },
    data: { endedAt: now, endReason: 'replaced' },
  })
  const { id: emailChangeId } = await tx.emailChange.create({
    data: {
      accountId,
      sessionId,
      requestedAt: now,
      expiresAt,
      fromEmail: from.email,
      fromAddress: from.address,
      toEmail: to.email,
      toAddress: to.address,
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
