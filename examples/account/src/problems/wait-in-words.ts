/** "12 seconds", "about 5 minutes", "about 2 hours". */
export function waitInWords(seconds: number): string {
  if (seconds < 90) return `${seconds} ${seconds === 1 ? 'second' : 'seconds'}`
  if (seconds < 90 * 60) return `about ${Math.ceil(seconds / 60)} minutes`
  return `about ${Math.ceil(seconds / 3600)} hours`
}
