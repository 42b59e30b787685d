import type { EmailChange } from '../database/generated/client.ts'

/*
 * The states that several parts of the service ask for, as conditions on a row. The statements in src/database that are
 * written in SQL repeat some of them.
 */

/** An email change that was neither confirmed nor ended. It may have expired: see `pendingChange`. */
export const unfinishedChange = { confirmedAt: null, endedAt: null } as const

/** An email change that can still be confirmed. */
export function pendingChange(now: Date) {
  return { ...unfinishedChange, expiresAt: { gt: now } }
}

/** The same as `pendingChange`, for a row that has already been read. */
export function isPendingChange(change: EmailChange, now: Date): boolean {
  return change.confirmedAt === null && change.endedAt === null && change.expiresAt > now
}

/** A session whose tokens work, as long as the account's credentials stay the same. */
export function openSession(now: Date) {
  return { endedAt: null, expiresAt: { gt: now } }
}

/** A mailed link that was neither used nor replaced, and has not expired. A credential change may have ended it. */
export function liveLink(now: Date) {
  return { spentAt: null, endedAt: null, expiresAt: { gt: now } }
}

/** The address row by which an account is signed in. Its other rows are locked addresses. */
export const currentAddress = { lockedAt: null } as const
