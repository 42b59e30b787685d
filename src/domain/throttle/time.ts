export function secondsBefore(now: Date, seconds: number): Date {
  return new Date(now.getTime() - seconds * 1000)
}

export function daysBefore(now: Date, days: number): Date {
  return secondsBefore(now, days * 86_400)
}
