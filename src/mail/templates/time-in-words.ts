import { fill, type Words } from '../texts/catalogue.ts'

/**
 * A moment in UTC, as the locale writes it: `23 November 2026 at 17:40 UTC`. The date and the time are formatted
 * separately, because the words between them differ between releases of Node.
 */
export function momentInWords(at: Date, locale: string, { moment }: Pick<Words, 'moment'>): string {
  if (Number.isNaN(at.getTime())) throw new Error('a mail needs its time')
  return fill(moment, { date: dateIn(locale).format(at), time: timeIn(locale).format(at) })
}

const timeZone = 'UTC'
const dateIn = keptByLocale((locale) => new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone }))
const timeIn = keptByLocale((locale) => new Intl.DateTimeFormat(locale, { timeStyle: 'short', timeZone }))

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

function counted(amount: number, unit: Unit, locale: string): string {
  return amountIn[unit](locale).format(Math.floor(amount))
}

type Unit = 'day' | 'hour' | 'minute' | 'second'
const amountIn: Readonly<Record<Unit, (locale: string) => Intl.NumberFormat>> = {
  day: keptByLocale((locale) => amountOf('day', locale)),
  hour: keptByLocale((locale) => amountOf('hour', locale)),
  minute: keptByLocale((locale) => amountOf('minute', locale)),
  second: keptByLocale((locale) => amountOf('second', locale)),
}

function amountOf(unit: Unit, locale: string): Intl.NumberFormat {
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' })
}

/** People choose their locales, so the number of formats that are kept has to be limited. */
const MOST_LOCALES = 100

/** Keeps the format of each locale, because creating it takes longer than rendering the rest of a mail. */
function keptByLocale<Format>(create: (locale: string) => Format): (locale: string) => Format {
  const kept = new Map<string, Format>()
  return (locale) => {
    const known = kept.get(locale)
    if (known) return known
    const format = create(locale)
    if (kept.size >= MOST_LOCALES) kept.clear()
    kept.set(locale, format)
    return format
  }
}
