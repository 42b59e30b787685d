import type { Deps } from '../../deps.ts'
import type { Principal } from '../principals.ts'

export interface ListedSession {
  readonly id: string
  readonly createdAt: Date
  readonly lastSeenAt: Date
  readonly ip: string | null
  readonly userAgent: string | null
  readonly current: boolean
}

/** The devices an account is signed in on, the newest first. */
export async function listSessions(deps: Deps, principal: Principal): Promise<ListedSession[]> {
  const sessions = await deps.db.session.findMany({
    where: {
      accountId: principal.accountId,
      credentialVersion: principal.credentialVersion,
      endedAt: null,
      expiresAt: { gt: deps.clock.now() },
    },
    orderBy: { createdAt: 'desc' },
    select: { id: true, createdAt: true, lastSeenAt: true, ip: true, userAgent: true },
  })
  return sessions.map((session) => ({ ...session, current: session.id === principal.sessionId }))
}
