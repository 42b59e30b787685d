import { inTransaction, type Transaction } from '../../database/client.ts'
import { lockKeys } from '../../database/row-locks.ts'
import type { Deps } from '../../deps.ts'
import { keepAfterUseSeconds, PUBLISH_BEFORE_USE_SECONDS, ROTATE_EVERY_DAYS } from '../../keys/key-lifetimes.ts'
import { createSigningKey } from '../../keys/key-rows.ts'
import type { SigningAlgorithm } from '../../security/signing-key.ts'
import { recordEvent } from '../events/record-event.ts'

export type KeyDeps = Pick<Deps, 'db' | 'clock' | 'config' | 'keys'>

export interface Rotation {
  /** The key that signs, or will. */
  readonly kid: string
  readonly algorithm: string
  /** From when it signs: now, or once every verifier has had time to hear of it. */
  readonly activatesAt: Date
  readonly isActive: boolean
}

/**
 * Relieves the signing key. The one that follows has been published all along, so it takes over at once; if it has
 * not been for long enough (the last rotation was a moment ago, or another algorithm is wanted), it is planned to.
 * Nobody is signed out: the old key verifies until its last token has expired.
 *
 * `isCompromised`: the old keys are gone at once, with every token they signed, and nothing waits. Sessions go on by
 * their refresh tokens.
 */
export async function rotateSigningKey(
  deps: KeyDeps,
  input: { algorithm: SigningAlgorithm | undefined; isCompromised: boolean },
): Promise<Rotation> {
  const { algorithm, isCompromised } = input
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    await lockKeys(tx)
    const keys = await readSigningKeys(tx)
    const next = await nextOf(tx, deps, { keys, algorithm, now })
    const activatesAt = isCompromised ? now : usableFrom(next, keys)
    const isActive = activatesAt <= now
    if (isActive) await promote(tx, deps, { next, now })
    else await tx.key.update({ where: { id: next.id }, data: { activateAt: activatesAt } })
    if (isCompromised) await tx.key.deleteMany({ where: { purpose: 'signing', state: 'retired' } })
    const details = { kid: next.id, algorithm: next.algorithm, isActive, isCompromised }
    await recordEvent(tx, { type: 'signing_key.rotated', at: now, actor: 'system', origin: null, details })
    return { kid: next.id, algorithm: next.algorithm, activatesAt: isActive ? now : activatesAt, isActive }
  })
}

/**
 * What time alone brings about: a planned key takes over, one that has signed for long enough is relieved, one that
 * nothing can be verified with any more is deleted. Run by cron; of two replicas the second finds it done.
 */
export async function advanceSigningKeys(deps: KeyDeps): Promise<void> {
  const now = deps.clock.now()
  const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000)
  const lastUse = ago(keepAfterUseSeconds(deps.config.lifetimes.accessToken))
  await inTransaction(deps.db, async (tx) => {
    await lockKeys(tx)
    await tx.key.deleteMany({ where: { purpose: 'signing', state: 'retired', retiredAt: { lte: lastUse } } })
    const keys = await readSigningKeys(tx)
    const next = keys.find((key) => key.state === 'next')
    const current = keys.find((key) => key.state === 'current')
    if (!next || !current) return
    const isPlanned = next.activateAt !== null && next.activateAt <= now
    const isOld = (current.activatedAt ?? current.createdAt) <= ago(ROTATE_EVERY_DAYS * 86_400)
    if (!isPlanned && !(isOld && usableFrom(next, keys) <= now)) return
    await promote(tx, deps, { next, now })
    const details = { kid: next.id, algorithm: next.algorithm, isActive: true, isCompromised: false }
    await recordEvent(tx, { type: 'signing_key.rotated', at: now, actor: 'system', origin: null, details })
  })
}

type SigningKeyRow = Awaited<ReturnType<typeof readSigningKeys>>[number]
type NextKey = Pick<SigningKeyRow, 'id' | 'algorithm' | 'createdAt'>

function readSigningKeys(tx: Transaction) {
  return tx.key.findMany({
    where: { purpose: 'signing' },
    select: { id: true, algorithm: true, state: true, createdAt: true, activateAt: true, activatedAt: true },
  })
}

/** The key that stands by, or a new one where there is none or it has another algorithm than is wanted. */
async function nextOf(
  tx: Transaction,
  deps: KeyDeps,
  { keys, algorithm, now }: { keys: readonly SigningKeyRow[]; algorithm: SigningAlgorithm | undefined; now: Date },
): Promise<NextKey> {
  const next = keys.find((key) => key.state === 'next')
  if (next && (algorithm === undefined || algorithm === next.algorithm)) return next
  await tx.key.deleteMany({ where: { purpose: 'signing', state: 'next' } }) // it has signed nothing
  const wanted = algorithm ?? 'ES256'
  return createSigningKey(tx, { algorithm: wanted, state: 'next', sealer: deps.keys.sealer, now })
}

/** A key that is as old as any other has been in every JWKS there ever was. */
function usableFrom(next: NextKey, keys: readonly SigningKeyRow[]): Date {
  const wasAlwaysPublished = keys.every((key) => key.createdAt >= next.createdAt)
  return new Date(next.createdAt.getTime() + (wasAlwaysPublished ? 0 : PUBLISH_BEFORE_USE_SECONDS * 1000))
}

/** next → current → retired, and a new one that stands by: it is published from now on. */
async function promote(tx: Transaction, deps: KeyDeps, { next, now }: { next: NextKey; now: Date }): Promise<void> {
  await tx.key.updateMany({
    where: { purpose: 'signing', state: 'current' },
    data: { state: 'retired', retiredAt: now },
  })
  await tx.key.update({ where: { id: next.id }, data: { state: 'current', activateAt: null, activatedAt: now } })
  const algorithm = next.algorithm as SigningAlgorithm
  await createSigningKey(tx, { algorithm, state: 'next', sealer: deps.keys.sealer, now })
}
