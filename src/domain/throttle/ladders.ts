/** How wrong passwords slow down the next attempt. */
export interface Ladder {
  /**
   * The number of the failure, counted from 1, after which the next attempt has to wait. Each further failure doubles the
   * wait.
   */
  readonly freeFailures: number
  readonly firstWaitSeconds: number
  readonly longestWaitSeconds: number
  /** The failures are forgotten after this time without an attempt. */
  readonly memorySeconds: number
}

/** Attempts from one network at one address: a person who has forgotten the password, or one attacker. */
export const FROM_ONE_NETWORK: Ladder = {
  freeFailures: 5,
  firstWaitSeconds: 5,
  longestWaitSeconds: 900,
  memorySeconds: 86_400,
}

/**
 * All attempts at one address from networks that are not known to be its owner's. No limit on one network can bound a
 * botnet. NIST SP 800-63B-4 section 3.2.2 allows no more than 100 consecutive failures; after those there is one attempt
 * an hour, then one in two hours, and at last one a day, so that an attack ends without anybody unlocking the account.
 */
export const FROM_STRANGERS: Ladder = {
  freeFailures: 100,
  firstWaitSeconds: 3600,
  longestWaitSeconds: 86_400,
  memorySeconds: 7 * 86_400,
}

/** Whether the wait after this many failures is longer than after one failure less. At the top of the ladder it is not. */
export function isLongerWait(ladder: Ladder, failures: number): boolean {
  return waitSeconds(ladder, failures) > waitSeconds(ladder, failures - 1)
}

function waitSeconds(ladder: Ladder, failures: number): number {
  if (failures < ladder.freeFailures) return 0
  return Math.min(ladder.longestWaitSeconds, ladder.firstWaitSeconds * 2 ** (failures - ladder.freeFailures))
}
