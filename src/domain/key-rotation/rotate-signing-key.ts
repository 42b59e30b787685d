import { inTransaction, type Transaction } from '../../database/client.ts'
import { readStoredKeys, type StoredKey } from '../../database/key-statements.ts'
import { lockKeys } from '../../database/row-locks.ts'
import type { Deps } from '../../deps.ts'
import { keepAfterUseSeconds, PUBLISH_BEFORE_USE_SECONDS, ROTATE_EVERY_DAYS } from '../../keys/key-lifetimes.ts'
import { createSigningKey } from '../../keys/key-rows.ts'
import type { SigningAlgorithm } from '../../security/signing-key.ts'
import { recordEvent } from '../events/record-event.ts'
import type { Requester } from '../events/requester.ts'

export type KeyDeps = Pick<Deps, 'db' | 'pool' | 'clock' | 'config' | 'keys'>

export interface Rotation {
  /** The key that signs now or from `activatesAt`. */
  readonly kid: string
  readonly algorithm: string
  /** When the key starts to sign: now, or once every verifier has had time to read it. */
  readonly activatesAt: Date
  readonly isActive: boolean
}

/**
 * Replaces the signing key. The next key has been published all along, so it takes over at once. If it has not been
 * published for long enough (the last rotation was a moment ago, or another algorithm is wanted), it takes over later.
 * No session ends: the old key verifies tokens until the last one that it signed has expired.
 *
 * `isCompromised`: all signing keys are deleted and two new ones created, with no wait. The next key was in the same
 * table as the current one, so it has leaked too. Every access token stops working; sessions continue with their
 * refresh tokens.
 */
export async function rotateSigningKey(
  deps: KeyDeps,
  input: { algorithm: SigningAlgorithm | undefined; isCompromised: boolean; by: Requester },
): Promise<Rotation> {
  const { algorithm, isCompromised, by } = input
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    await lockKeys(tx)
    const keys = await readSigningKeys(tx)
    const { key, activatesAt } = isCompromised
      ? { key: await replaceAllKeys(tx, deps, { keys, algorithm, now }), activatesAt: now }
      : await promoteOrPlan(tx, deps, { keys, algorithm, now })
    const isActive = activatesAt <= now
    await recordRotation(tx, { key, isActive, isCompromised, by, now })
    return { kid: key.id, algorithm: key.algorithm, activatesAt: isActive ? now : activatesAt, isActive }
  })
}

/**
 * Makes a planned key current, replaces a key that has signed for long enough, and deletes a retired key that no valid
 * token needs. Cron runs this on one replica at a time, and the second one finds nothing to do.
 */
export async function advanceSigningKeys(deps: KeyDeps): Promise<void> {
  const now = deps.clock.now()
  const lastUse = ago(now, keepAfterUseSeconds(deps.config.lifetimes.accessToken))
  const stored = (await readStoredKeys(deps.pool)).filter(({ purpose }) => purpose === 'signing')
  const isDeletable = ({ state, retiredAt }: StoredKey) =>
    state === 'retired' && retiredAt !== null && retiredAt <= lastUse
  if (!stored.some(isDeletable) && !dueKey(stored, now)) return // most runs end here
  await inTransaction(deps.db, async (tx) => {
    await lockKeys(tx)
    await tx.key.deleteMany({ where: { purpose: 'signing', state: 'retired', retiredAt: { lte: lastUse } } })
    const next = dueKey(await readSigningKeys(tx), now)
    if (!next) return
    await promote(tx, deps, { next, now })
    const by: Requester = { actor: 'system', origin: null }
    await recordRotation(tx, { key: next, isActive: true, isCompromised: false, by, now })
  })
}

/** The next key, if it is planned to be current by now, or if the current key has signed for long enough. */
function dueKey(keys: readonly SigningKeyRow[], now: Date): SigningKeyRow | null {
  const next = keys.find((key) => key.state === 'next')
  const current = keys.find((key) => key.state === 'current')
  if (!next || !current) return null
  const isPlanned = next.activateAt !== null && next.activateAt <= now
  const isOld = (current.activatedAt ?? current.createdAt) <= ago(now, ROTATE_EVERY_DAYS * 86_400)
  return isPlanned || (isOld && usableFrom(next, keys) <= now) ? next : null
}

function ago(now: Date, seconds: number): Date {
  return new Date(now.getTime() - seconds * 1000)
}

type SigningKeyRow = Awaited<ReturnType<typeof readSigningKeys>>[number]
type NextKey = Pick<SigningKeyRow, 'id' | 'algorithm' | 'createdAt'>

function readSigningKeys(tx: Transaction) {
  return tx.key.findMany({
    where: { purpose: 'signing' },
    select: { id: true, algorithm: true, state: true, createdAt: true, activateAt: true, activatedAt: true },
  })
}

interface Wanted {
  readonly keys: readonly SigningKeyRow[]
  readonly algorithm: SigningAlgorithm | undefined
  readonly now: Date
}

async function promoteOrPlan(
  tx: Transaction,
  deps: KeyDeps,
  { keys, algorithm, now }: Wanted,
): Promise<{ key: NextKey; activatesAt: Date }> {
  const key = await nextOf(tx, deps, { keys, algorithm, now })
  const activatesAt = usableFrom(key, keys)
  if (activatesAt <= now) await promote(tx, deps, { next: key, now })
  else await tx.key.update({ where: { id: key.id }, data: { activateAt: activatesAt } })
  return { key, activatesAt }
}

/** @returns the new current key. */
async function replaceAllKeys(tx: Transaction, deps: KeyDeps, { keys, algorithm, now }: Wanted): Promise<NextKey> {
  const { sealer } = deps.keys
  const before = keys.find((key) => key.state === 'current')?.algorithm as SigningAlgorithm | undefined
  const wanted = algorithm ?? before ?? 'ES256'
  await tx.key.deleteMany({ where: { purpose: 'signing' } })
  const current = await createSigningKey(tx, { algorithm: wanted, state: 'current', sealer, now })
  await createSigningKey(tx, { algorithm: wanted, state: 'next', sealer, now })
  return current
}

async function recordRotation(
  tx: Transaction,
  rotation: { key: NextKey; isActive: boolean; isCompromised: boolean; by: Requester; now: Date },
): Promise<void> {
  const { key, isActive, isCompromised, by, now } = rotation
  const details = { kid: key.id, algorithm: key.algorithm, isActive, isCompromised }
  await recordEvent(tx, { type: 'signing_key.rotated', at: now, ...by, details })
}

/** The `next` key, or a new one if there is none or another algorithm is wanted. */
async function nextOf(tx: Transaction, deps: KeyDeps, { keys, algorithm, now }: Wanted): Promise<NextKey> {
  const next = keys.find((key) => key.state === 'next')
  if (next && (algorithm === undefined || algorithm === next.algorithm)) return next
  await tx.key.deleteMany({ where: { purpose: 'signing', state: 'next' } }) // it has signed nothing
  return createSigningKey(tx, { algorithm: algorithm ?? 'ES256', state: 'next', sealer: deps.keys.sealer, now })
}

/**
 * When the key may sign. A key that is as old as every other key has been in every JWKS so far, so it may sign at once.
 */
function usableFrom(next: NextKey, keys: readonly SigningKeyRow[]): Date {
  const wasAlwaysPublished = keys.every((key) => key.createdAt >= next.createdAt)
  return new Date(next.createdAt.getTime() + (wasAlwaysPublished ? 0 : PUBLISH_BEFORE_USE_SECONDS * 1000))
}

/** Makes the next key current and the current key retired, and publishes a new next key. */
async function promote(tx: Transaction, deps: KeyDeps, { next, now }: { next: NextKey; now: Date }): Promise<void> {
  await tx.key.updateMany({
    where: { purpose: 'signing', state: 'current' },
    data: { state: 'retired', retiredAt: now },
  })
  await tx.key.update({ where: { id: next.id }, data: { state: 'current', activateAt: null, activatedAt: now } })
  const algorithm = next.algorithm as SigningAlgorithm
  await createSigningKey(tx, { algorithm, state: 'next', sealer: deps.keys.sealer, now })
}
