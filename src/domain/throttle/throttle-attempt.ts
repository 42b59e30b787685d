import { clearNetworkFailures, takeFailureBack } from '../../database/attempt-statements.ts'
import type { Pool } from '../../database/client.ts'
import type { Connection } from '../../database/statement.ts'
import type { Deps } from '../../deps.ts'
import { type Origin, recordEventWithoutChange } from '../events/record-event.ts'
import { Refusal } from '../problems.ts'
import { type CountedAttempt, countAttempt } from './count-attempt.ts'
import {
  type AttemptTarget,
  type Counter,
  hashTarget,
  networkCounter,
  sessionCounter,
  strangersCounter,
} from './counters.ts'

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

/** Clears what was counted for an attempt whose password was correct, on its own or in the transaction that it allows. */
export type ClearAttempt = (database: Connection) => Promise<void>

export interface GuardedComparison<Result extends ComparedPassword, Accepted> {
  compare(): Promise<Result>
  /** Does what a correct password allows. It has to call `clear`. */
  accept(result: Result, clear: ClearAttempt): Promise<Accepted>
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
 * @returns `accepted` is null if the password was wrong.
 * @throws {Refusal} too_many_attempts. An attempt that is refused is not counted, so trying again does not prolong the wait.
 */
export async function throttleAttempt<Result extends ComparedPassword, Accepted>(
  deps: Deps,
  attempt: PasswordAttempt,
  comparison: GuardedComparison<Result, Accepted>,
): Promise<{ compared: Result; accepted: Accepted | null }> {
  const { target, origin, sessionId } = attempt
  const counters = {
    network: networkCounter(deps, target, origin.ip),
    strangers: sessionId === undefined ? strangersCounter(deps, target) : sessionCounter(deps, sessionId),
  }
  for (;;) {
    try {
      const counted = await countAttempt(deps, { addressHash: hashTarget(deps, target), ...counters })
      return await deps.comparisons.track(counters.network.key, () =>
        compareCounted(deps, attempt, { counted, ...comparison }),
      )
    } catch (error) {
      const isRefused = error instanceof Refusal && error.code === 'too_many_attempts'
      if (!isRefused || !(await deps.comparisons.waitFor(counters.network.key))) throw error
    }
  }
}

async function compareCounted<Result extends ComparedPassword, Accepted>(
  deps: Deps,
  attempt: PasswordAttempt,
  comparison: GuardedComparison<Result, Accepted> & { readonly counted: CountedAttempt },
): Promise<{ compared: Result; accepted: Accepted | null }> {
  const { counted, compare, accept } = comparison
  const clear: ClearAttempt = (database) => clearAttempt(deps, database, counted)
  const compareAndAccept = async () => {
    const compared = await compare()
    return { compared, accepted: compared.isCorrect ? await accept(compared, clear) : null }
  }
  const outcome = await compareAndAccept().catch(async (error: unknown) => {
    // The service failed, so this was not a guess: take the count back. If that fails too, still throw the first error.
    await takeBack(deps.pool, counted).catch(() => undefined)
    throw error
  })
  if (!outcome.compared.isCorrect) await recordLongerWaits(deps, attempt, counted, outcome.compared.accountId)
  return outcome
}

async function takeBack(pool: Pool, counted: CountedAttempt): Promise<void> {
  for (const { counter } of counted) await takeFailureBack(pool, rowOf(counter))
}

/**
 * The password was correct: its network is known for KNOWN_NETWORK_DAYS, and its failures are cleared. Of the strangers'
 * failures only this attempt is taken back. If all of them were cleared, a guesser could tell that the owner signs in.
 */
async function clearAttempt(deps: Deps, database: Connection, counted: CountedAttempt): Promise<void> {
  const now = deps.clock.now()
  for (const { counter } of counted) {
    if (counter.kind === 'network') await clearNetworkFailures(database, counter.key, now)
    else await takeFailureBack(database, rowOf(counter))
  }
}

function rowOf({ key, ladder }: Counter): { key: string; freeFailures: number } {
  return { key, freeFailures: ladder.freeFailures }
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
