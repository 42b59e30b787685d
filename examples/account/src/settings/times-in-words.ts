const date = new Intl.DateTimeFormat('en', { dateStyle: 'long' })
const time = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'short' })
const distance = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

/** "November 26, 2026", in the reader's time zone. */
export function dateInWords(at: string): string {
  return date.format(new Date(at))
}

/** "November 26, 2026 at 2:10 AM", in the reader's time zone. */
export function timeInWords(at: string): string {
  return time.format(new Date(at))
}

/** "just now", "5 minutes ago", "yesterday". */
export function timeAgo(at: string): string {
  const minutes = Math.round((Date.now() - Date.parse(at)) / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return distance.format(-minutes, 'minute')
  if (minutes < 24 * 60) return distance.format(-Math.round(minutes / 60), 'hour')
  return distance.format(-Math.round(minutes / (24 * 60)), 'day')
}
