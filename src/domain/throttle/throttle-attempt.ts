import { inTransaction, type Transaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { type Origin, recordEventWithoutChange } from '../events/record-event.ts'
import { Refusal } from '../problems.ts'
import { type CountedAttempt, clearNetwork, countAttempt, uncount } from './count-attempt.ts'
import { type AttemptTarget, hashTarget, networkCounter, sessionCounter, strangersCounter } from './counters.ts'

export interface PasswordAttempt {
  readonly target: AttemptTarget
  readonly origin: Origin
  /** Set where the holder of a session proves their password. */
  readonly sessionId?: string
}

export interface ComparedPassword {
  readonly isCorrect: boolean
  /** The account whose password was compared, for the audit trail. */
  readonly accountId: string | null
}

/**
 * Compares a password unless there have been too many wrong ones. Every attempt is counted before the password is
 * compared, so that parallel attempts cannot share one count.
 *
 * - Counter 1: this address from this network.
 * - Counter 2: this address from all unknown networks together. Within a session, it is the session's own counter.
 *
 * So strangers cannot block the owner on a known network, and a correct password of the owner does not reset the
 * strangers' counter. An address without an account behaves like one with an account. Every check of a current password
 * uses the same counters.
 *
 * An attempt that would be refused while other attempts from the same network are still being compared waits for their
 * results first. Otherwise ten correct sign-ins at the same moment would count as ten failures.
 *
 * @throws {Refusal} too_many_attempts. An attempt that is refused is not counted, so trying again does not prolong the wait.
 */
export async function throttleAttempt<Result extends ComparedPassword>(
  deps: Deps,
  attempt: PasswordAttempt,
  compare: () => Promise<Result>,
): Promise<Result> {
  const { target, origin, sessionId } = attempt
  const counters = {
    network: networkCounter(deps, target, origin.ip),
    strangers: sessionId === undefined ? strangersCounter(deps, target) : sessionCounter(deps, sessionId),
  }
  for (;;) {
    try {
      const counted = await countAttempt(deps, { addressHash: hashTarget(deps, target), ...counters })
      return await deps.comparisons.track(counters.network.key, () => compareCounted(deps, attempt, counted, compare))
    } catch (error) {
      const isRefused = error instanceof Refusal && error.code === 'too_many_attempts'
      if (!isRefused || !(await deps.comparisons.waitFor(counters.network.key))) throw error
    }
  }
}

async function compareCounted<Result extends ComparedPassword>(
  deps: Deps,
  attempt: PasswordAttempt,
  counted: CountedAttempt,
  compare: () => Promise<Result>,
): Promise<Result> {
  const result = await compare().catch(async (error: unknown) => {
    // No password was compared, so this was not a guess: take the count back. If taking it back fails too, still throw the
    // first error.
    await inTransaction(deps.db, (tx) => takeBack(tx, counted)).catch(() => undefined)
    throw error
  })
  if (result.isCorrect) await clearAttempt(deps, counted)
  else await recordLongerWaits(deps, attempt, counted, result.accountId)
  return result
}

async function takeBack(tx: Transaction, counted: CountedAttempt): Promise<void> {
  for (const { counter } of counted) await uncount(tx, counter)
}

/**
 * The password was correct: its network is known for KNOWN_NETWORK_DAYS, and its failures are cleared. Of the strangers'
 * failures only this attempt is taken back. If all of them were cleared, a guesser could tell that the owner signs in.
 */
async function clearAttempt(deps: Deps, counted: CountedAttempt): Promise<void> {
  const now = deps.clock.now()
  const [first, ...others] = counted
  // From a known network there is one counter: a single statement, which needs no transaction around it.
  if (first?.counter.kind === 'network' && others.length === 0) return clearNetwork(deps.db, first.counter, now)
  await inTransaction(deps.db, async (tx) => {
    for (const { counter } of counted) {
      if (counter.kind === 'network') await clearNetwork(tx, counter, now)
      else await uncount(tx, counter)
    }
  })
}

/** One event each time that a counter begins to block, or blocks for longer; not one for each attempt. */
async function recordLongerWaits(
  deps: Deps,
  attempt: PasswordAttempt,
  counted: CountedAttempt,
  accountId: string | null,
): Promise<void> {
  const { origin, target, sessionId = null } = attempt
  for (const { counter, failures, longerWaitUntil } of counted) {
    if (longerWaitUntil === null) continue
    await recordEventWithoutChange(deps, {
      type: 'password.attempts_throttled',
      outcome: 'failure',
      at: deps.clock.now(),
      accountId,
      sessionId,
      actor: sessionId === null ? 'anonymous' : 'account',
      origin,
      details: {
        counter: counter.kind,
        failures,
        blockedUntil: longerWaitUntil.toISOString(),
        addressHash: hashTarget(deps, target),
      },
    })
  }
}
