import {
  type AttemptRows,
  type CounterRow,
  countAttemptRows,
  readBlock,
  takeFailureBack,
} from '../../database/attempt-statements.ts'
import type { Deps } from '../../deps.ts'
import { Refusal } from '../problems.ts'
import type { Counter } from './counters.ts'
import { knownSince } from './known-networks.ts'
import { isLongerWait } from './ladders.ts'
import { secondsBefore } from './time.ts'

/** Where an attempt was counted. The strangers' counter is missing if the network is known to be the owner's. */
export type CountedAttempt = readonly CountedFailure[]

export interface CountedFailure {
  readonly counter: Counter
  readonly failures: number
  /** Until when the next attempt has to wait, if this failure made the wait longer. */
  readonly longerWaitUntil: Date | null
}

export interface Counters {
  readonly addressHash: string
  readonly network: Counter
  readonly strangers: Counter
}

/**
 * Counts an attempt as failed until it turns out to be correct. It takes one statement.
 *
 * @throws {Refusal} too_many_attempts, without having counted anything.
 */
export async function countAttempt(deps: Pick<Deps, 'pool' | 'clock'>, counters: Counters): Promise<CountedAttempt> {
  const { network, strangers, addressHash } = counters
  const now = deps.clock.now()
  const attempt: AttemptRows = {
    addressHash,
    network: counterRow(network, now),
    strangers: counterRow(strangers, now),
    now,
    knownSince: knownSince(now),
  }
  const { atNetwork, ofStrangers } = await countAttemptRows(deps.pool, attempt)
  if (!atNetwork) throw tooManyAttempts(now, await readBlock(deps.pool, attempt))
  const counted = [countedFailure(network, atNetwork)]
  if (atNetwork.isKnown) return counted
  if (ofStrangers) return [...counted, countedFailure(strangers, ofStrangers)]
  await takeFailureBack(deps.pool, attempt.network)
  throw tooManyAttempts(now, await readBlock(deps.pool, attempt))
}

function counterRow({ key, ladder }: Counter, now: Date): CounterRow {
  return { key, ...ladder, forgottenBefore: secondsBefore(now, ladder.memorySeconds) }
}

function countedFailure(
  counter: Counter,
  { failures, blockedUntil }: { failures: number; blockedUntil: Date | null },
): CountedFailure {
  const isLonger = isLongerWait(counter.ladder, failures)
  return { counter, failures, longerWaitUntil: isLonger ? blockedUntil : null }
}

function tooManyAttempts(now: Date, blockedUntil: Date | null): Refusal {
  const waitMs = (blockedUntil?.getTime() ?? 0) - now.getTime()
  return new Refusal('too_many_attempts', { retryAfter: Math.max(1, Math.ceil(waitMs / 1000)) })
}
