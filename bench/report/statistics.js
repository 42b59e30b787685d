export function median(numbers) {
  const sorted = numbers.toSorted((one, other) => one - other)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The median of the rounds, and the smallest and the greatest. */
export function spread(numbers) {
  return { median: median(numbers), least: Math.min(...numbers), most: Math.max(...numbers) }
}

/**
 * How many times as much the first has as the second. Each round is compared with itself, because other work on the
 * machine slows the measurements of one round alike.
 */
export function ratios(numbers, others) {
  return spread(numbers.map((number, round) => number / others[round]))
}
