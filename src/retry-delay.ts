/**
 * Seconds to wait before the next attempt: it doubles after each failure up to a maximum and varies at random by up to
 * 25 % in both directions, so that jobs that failed together are not retried together. docs/decisions/0007 says why
 * this is not taken from a library.
 *
 * @param failures how many attempts have failed, at least 1.
 */
export function retryDelaySeconds(failures: number, limits: { firstSeconds: number; longestSeconds: number }): number {
  const doubled = limits.firstSeconds * 2 ** Math.min(failures - 1, 20)
  const spread = 0.75 + Math.random() / 2
  return Math.min(limits.longestSeconds, doubled) * spread
}
