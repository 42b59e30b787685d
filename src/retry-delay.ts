/**
 * Seconds to wait before the next attempt: doubled after each failure up to a maximum, and spread by a quarter in both
 * directions, so that work that failed together is not retried together. docs/decisions/0007 says why no library does it.
 *
 * @param failures how many attempts have failed, at least 1.
 */
export function retryDelaySeconds(failures: number, limits: { firstSeconds: number; longestSeconds: number }): number {
  const doubled = limits.firstSeconds * 2 ** Math.min(failures - 1, 20)
  const spread = 0.75 + Math.random() / 2
  return Math.min(limits.longestSeconds, doubled) * spread
}
