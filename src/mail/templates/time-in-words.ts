import { fill, type Words } from '../texts/catalogue.ts'

/**
 * A moment in UTC, as the locale writes it: `23 November 2026 at 17:40 UTC`. The date and the time are formatted
 * separately, because the words between them differ between releases of Node.
 */
export function momentInWords(at: Date, locale: string, { moment }: Pick<Words, 'moment'>): string {
  if (Number.isNaN(at.getTime())) throw new Error('a mail needs its time')
  const timeZone = 'UTC'
  return fill(moment, {
    date: new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone }).format(at),
    time: new Intl.DateTimeFormat(locale, { timeStyle: 'short', timeZone }).format(at),
  })
}

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `30 minutes`, `24 hours`, `7 days`. Rounded down, so that no link expires before the time that its mail names. */
export function lifetimeInWords(lifetimeSeconds: number, locale: string): string {
  if (!(lifetimeSeconds >= 1)) throw new Error('a mail needs the lifetime of its link')
  if (lifetimeSeconds >= 2 * DAY) return counted(lifetimeSeconds / DAY, 'day', locale)
  if (lifetimeSeconds >= 2 * HOUR || lifetimeSeconds === HOUR) return counted(lifetimeSeconds / HOUR, 'hour', locale)
  if (lifetimeSeconds >= MINUTE) return counted(lifetimeSeconds / MINUTE, 'minute', locale)
  return counted(lifetimeSeconds, 'second', locale)
}

function counted(amount: number, unit: string, locale: string): string {
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(Math.floor(amount))
}
