import type { Database, Transaction } from '../../database/client.ts'
import { hashOpaqueToken } from '../../security/opaque-token.ts'
import type { Principal } from '../principals.ts'
import { Refusal } from '../problems.ts'

export interface ReauthenticationProof {
  readonly principal: Principal
  /** From `POST /v1/reauthenticate`; undefined if the request had none. */
  readonly reauthToken: string | undefined
  readonly now: Date
}

/** The token works in its own session, once, for five minutes, and not after a credential change. */
function valid({ principal, reauthToken, now }: ReauthenticationProof) {
  const { sessionId, credentialVersion } = principal
  return {
    tokenHash: hashOpaqueToken(reauthToken ?? '') ?? '',
    sessionId,
    credentialVersion,
    spentAt: null,
    expiresAt: { gt: now },
  }
}

/**
 * Checks the token without consuming it. Do this before anything is counted or hashed, so that a stolen access token alone
 * cannot use up the owner's attempts.
 *
 * @throws {Refusal} reauthentication_required
 */
export async function requireReauthentication(db: Database, proof: ReauthenticationProof): Promise<void> {
  const found = await db.reauthentication.count({ where: valid(proof) })
  if (found === 0) throw new Refusal('reauthentication_required')
}

/**
 * Consumes the token in the transaction of the change. If the change is refused later, this is rolled back, and the token
 * can be used again.
 *
 * @returns when the person reauthenticated.
 * @throws {Refusal} reauthentication_required
 */
export async function consumeReauthentication(tx: Transaction, proof: ReauthenticationProof): Promise<Date> {
  const [consumed] = await tx.reauthentication.updateManyAndReturn({
    where: valid(proof),
    data: { spentAt: proof.now },
    select: { createdAt: true },
  })
  if (!consumed) throw new Refusal('reauthentication_required')
  return consumed.createdAt
}
