/** RFC 3339 section 5.6 `date-time`: date, time of day, fraction of a second, offset from UTC. */
const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/

const MINUTE_MS = 60_000

/**
 * Reads an RFC 3339 time that comes from outside, to the millisecond.
 *
 * `Date.parse` moves a day or an hour that does not exist to another one (30 February becomes 2 March). Here such a
 * time is refused: the fields that were read must be the fields that would be written again. A leap second
 * (`23:59:60`) is refused too, because neither JavaScript nor PostgreSQL can store it.
 *
 * @returns null for any text that is not a time.
 */
export function parseTime(text: string): Date | null {
  const parts = RFC_3339.exec(text)
  if (!parts) return null
  const [, date, time, fraction = '', sign, hours = '0', minutes = '0'] = parts
  const milliseconds = fraction.padEnd(3, '0').slice(0, 3)
  const written = `${date}T${time}.${milliseconds}Z`
  const asUtc = new Date(written)
  if (Number.isNaN(asUtc.getTime()) || asUtc.toISOString() !== written) return null
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * MINUTE_MS
  return new Date(asUtc.getTime() - (sign === '-' ? -offsetMs : offsetMs))
}
