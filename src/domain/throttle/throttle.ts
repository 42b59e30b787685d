import { inTransaction, type Transaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { HashingLaneFull } from '../../security/hashing-lane.ts'
import { hashAddress } from '../addresses/address-hashes.ts'
import type { Origin } from '../events/record-event.ts'
import { Refusal } from '../problems.ts'
import { letOthersWait, waitForOthers } from './comparisons-under-way.ts'
import { networkOf } from './network.ts'

interface Ladder {
  /** Guesses that cost nothing; from this one on every further guess waits, twice as long each time. */
  readonly freeFailures: number
  readonly firstWaitSeconds: number
  readonly longestWaitSeconds: number
  /** After so long without a guess the failures are forgotten. */
  readonly memorySeconds: number
}

/** One network against one address: a person who has forgotten, or one guesser. */
const FROM_ONE_NETWORK: Ladder = {
  freeFailures: 5,
  firstWaitSeconds: 5,
  longestWaitSeconds: 900,
  memorySeconds: 86_400,
}

/**
 * All strangers together against one address: a botnet has more networks than any limit on one of them can bound.
 * NIST SP 800-63B-4 section 3.2.2 wants no more than 100 consecutive failures; from there on it is one guess an hour,
 * two, four, at last one a day, so that an attack ends without a person having to unlock anything.
 */
const FROM_STRANGERS: Ladder = {
  freeFailures: 100,
  firstWaitSeconds: 3600,
  longestWaitSeconds: 86_400,
  memorySeconds: 7 * 86_400,
}

/** A network is its owner's for so long after the last right password from it. */
export const KNOWN_NETWORK_DAYS = 30

export interface Guess {
  readonly address: string
  readonly origin: Origin
  /** Where the holder of a session proves his password. */
  readonly sessionId?: string
}

/**
 * Has a password compared, if there have not been too many guesses. Each is counted before it is compared, so that two
 * hundred at once are two hundred, not one: for the address and the network it comes from, and once more for all networks
 * the owner has not signed in from. Strangers can neither lock the owner out at home nor profit from the owner's success
 * there, and an address nobody has behaves like one somebody has. Every check of a current password shares the counts;
 * within a session the second one is the session's own, out of reach of strangers.
 *
 * Whoever is refused while others of his network are being compared waits for those, and is judged then: of ten right
 * sign-ins at once none was a guess too many.
 *
 * @throws {Refusal} too_many_attempts; a guess that is not compared is not counted, so trying on does not prolong the wait.
 */
export async function guess<Result>(
  deps: Deps,
  who: Guess,
  compare: () => Promise<Result>,
  isRight: (result: Result) => boolean,
): Promise<Result> {
  const key = networkKey(deps, who.address, who.origin)
  for (;;) {
    try {
      const attempt = await countAttempt(deps, who)
      return await letOthersWait(key, () => compareCounted(deps, attempt, compare, isRight))
    } catch (error) {
      const isRefused = error instanceof Refusal && error.code === 'too_many_attempts'
      if (!isRefused || !(await waitForOthers(key))) throw error
    }
  }
}

interface Attempt {
  readonly key: string
  /** What was counted for all strangers together; null where the guess is not a stranger's. */
  readonly strangersKey: string | null
}

async function countAttempt(deps: Deps, { address, origin, sessionId }: Guess): Promise<Attempt> {
  const addressHash = hashAddress(deps, address)
  const key = networkKey(deps, address, origin)
  const everywhere = hashAddress(deps, sessionId === undefined ? `guess ${address}` : `guess in session ${sessionId}`)
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    await countFailure(tx, { key, addressHash, now, ladder: FROM_ONE_NETWORK })
    const isOwners = await isKnown(tx, key, now)
    if (isOwners) return { key, strangersKey: null }
    await countFailure(tx, { key: everywhere, addressHash, now, ladder: FROM_STRANGERS })
    return { key, strangersKey: everywhere }
  })
}

/**
 * Where the hashing lane had no place for it nothing was guessed: whoever is told to come back must not find then that he
 * has tried too often.
 */
async function compareCounted<Result>(
  deps: Deps,
  attempt: Attempt,
  compare: () => Promise<Result>,
  isRight: (result: Result) => boolean,
): Promise<Result> {
  try {
    const result = await compare()
    if (isRight(result)) await inTransaction(deps.db, (tx) => forgiveNetwork(tx, attempt, deps.clock.now()))
    return result
  } catch (error) {
    if (error instanceof HashingLaneFull) await inTransaction(deps.db, (tx) => takeBack(tx, attempt))
    throw error
  }
}

async function takeBack(tx: Transaction, { key, strangersKey }: Attempt): Promise<void> {
  await uncount(tx, key, FROM_ONE_NETWORK)
  if (strangersKey !== null) await uncount(tx, strangersKey, FROM_STRANGERS)
}

/**
 * The guess was right: its network is the owner's from now on and owes nothing. Of what strangers did elsewhere only
 * this one guess is taken back: were all of it forgiven, a guesser could tell by it that somebody signs in there.
 */
async function forgiveNetwork(tx: Transaction, { key, strangersKey }: Attempt, succeededAt: Date): Promise<void> {
  await tx.throttle.updateMany({ where: { key }, data: { failures: 0, blockedUntil: null, succeededAt } })
  if (strangersKey !== null) await uncount(tx, strangersKey, FROM_STRANGERS)
}

function networkKey(deps: Deps, address: string, origin: Origin): string {
  return hashAddress(deps, `guess ${address} from ${networkOf(origin.ip)}`)
}

/** A mailed link of the address was opened there: the network is its owner's, and no stranger's guesses hold him up. */
export async function welcomeNetwork(
  deps: Deps,
  tx: Transaction,
  opened: { address: string; origin: Origin; now: Date },
): Promise<void> {
  const { address, origin, now } = opened
  const key = networkKey(deps, address, origin)
  const known = { succeededAt: now, updatedAt: now }
  const create = { key, addressHash: hashAddress(deps, address), failures: 0, ...known }
  await tx.throttle.upsert({ where: { key }, create, update: known })
}

/** A reset: whatever was counted against the address is forgiven. The owner's networks stay his. */
export async function forgiveAddress(deps: Deps, tx: Transaction, address: string): Promise<void> {
  const addressHash = hashAddress(deps, address)
  await tx.throttle.updateMany({ where: { addressHash }, data: { failures: 0, blockedUntil: null } })
}

/**
 * The address is somebody else's from now on, or nobody's: no network is its owner's. What was counted stays counted,
 * or a guesser who waits would be told by it that there has come to be an account, or that it has gone.
 */
export async function forgetNetworks(tx: Transaction, addressHashes: readonly string[]): Promise<void> {
  await tx.throttle.updateMany({ where: { addressHash: { in: [...addressHashes] } }, data: { succeededAt: null } })
}

async function uncount(tx: Transaction, key: string, { freeFailures }: Ladder): Promise<void> {
  await tx.$executeRaw`
    UPDATE throttles SET failures = failures - 1,
      blocked_until = CASE WHEN failures > ${freeFailures}::int THEN blocked_until END
    WHERE key = ${key} AND failures > 0`
}

async function isKnown(tx: Transaction, key: string, now: Date): Promise<boolean> {
  const since = ago(now, KNOWN_NETWORK_DAYS * 86_400)
  return (await tx.throttle.count({ where: { key, succeededAt: { gt: since } } })) > 0
}

/** @throws {Refusal} too_many_attempts, which takes back what was counted before it in the same transaction. */
async function countFailure(
  tx: Transaction,
  guess: { key: string; addressHash: string; now: Date; ladder: Ladder },
): Promise<void> {
  const { key, addressHash, now, ladder } = guess
  const { freeFailures, firstWaitSeconds, longestWaitSeconds } = ladder
  const forgottenBefore = ago(now, ladder.memorySeconds)
  const counted = await tx.$executeRaw`
    INSERT INTO throttles AS t (key, address_hash, failures, updated_at) VALUES (${key}, ${addressHash}, 1, ${now})
    ON CONFLICT (key) DO UPDATE SET
      failures = CASE WHEN t.updated_at < ${forgottenBefore} THEN 1 ELSE t.failures + 1 END,
      blocked_until = CASE WHEN t.updated_at >= ${forgottenBefore} AND t.failures + 1 >= ${freeFailures}::int
        THEN ${now}::timestamptz + make_interval(secs => LEAST(
          ${longestWaitSeconds}::int, ${firstWaitSeconds}::int * power(2, LEAST(t.failures + 1 - ${freeFailures}::int, 20)))) END,
      updated_at = excluded.updated_at
    WHERE t.blocked_until IS NULL OR t.blocked_until <= excluded.updated_at`
  if (counted === 0) throw await blocked(tx, key, now)
}

async function blocked(tx: Transaction, key: string, now: Date): Promise<Refusal> {
  const throttle = await tx.throttle.findUnique({ where: { key }, select: { blockedUntil: true } })
  const waitMs = (throttle?.blockedUntil?.getTime() ?? 0) - now.getTime()
  return new Refusal('too_many_attempts', { retryAfter: Math.max(1, Math.ceil(waitMs / 1000)) })
}

function ago(now: Date, seconds: number): Date {
  return new Date(now.getTime() - seconds * 1000)
}
