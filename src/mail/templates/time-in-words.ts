const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

/** `23 November 2026 at 17:40 UTC`. Intl is not used, because its wording differs between releases of Node. */
export function momentInWords(at: Date): string {
  if (Number.isNaN(at.getTime())) throw new Error('a mail needs its time')
  const clock = at.toISOString().slice(11, 16)
  return `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()} at ${clock} UTC`
}

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `30 minutes`, `24 hours`, `7 days`. Rounded down, so that no link expires before the time that its mail names. */
export function lifetimeInWords(lifetimeSeconds: number): string {
  if (!(lifetimeSeconds >= 1)) throw new Error('a mail needs the lifetime of its link')
  if (lifetimeSeconds >= 2 * DAY) return counted(lifetimeSeconds / DAY, 'day')
  if (lifetimeSeconds >= 2 * HOUR || lifetimeSeconds === HOUR) return counted(lifetimeSeconds / HOUR, 'hour')
  if (lifetimeSeconds >= MINUTE) return counted(lifetimeSeconds / MINUTE, 'minute')
  return counted(lifetimeSeconds, 'second')
}

function counted(amount: number, unit: string): string {
  const whole = Math.floor(amount)
  return `${whole} ${unit}${whole === 1 ? '' : 's'}`
}
