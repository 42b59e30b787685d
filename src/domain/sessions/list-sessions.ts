import type { Deps } from '../../deps.ts'
import { describeDevice } from '../../mail/device.ts'
import { chooseWording } from '../../mail/texts/wording.ts'
import type { Principal } from '../principals.ts'
import { openSession } from '../row-states.ts'

export interface ListedSession {
  readonly id: string
  readonly createdAt: Date
  readonly lastSeenAt: Date
  /** The IP address that the sign-in came from. */
  readonly ip: string | null
  /** The IP address of the last refresh or, before the first refresh, of the sign-in. */
  readonly lastIp: string | null
  readonly userAgent: string | null
  /** The device in words, as the mails to the account name it. */
  readonly device: string
  readonly current: boolean
}

/** Lists the open sessions of the account, the newest sign-in first. */
export async function listSessions(deps: Deps, principal: Principal): Promise<ListedSession[]> {
  const sessions = await deps.db.session.findMany({
    where: {
      accountId: principal.accountId,
      credentialVersion: principal.credentialVersion,
      ...openSession(deps.clock.now()),
    },
    orderBy: { createdAt: 'desc' },
    select: { id: true, createdAt: true, lastSeenAt: true, ip: true, lastIp: true, userAgent: true },
  })
  const { words } = chooseWording(deps.config.mailTexts, principal.account.locale).texts
  return sessions.map((session) => ({
    ...session,
    lastIp: session.lastIp ?? session.ip,
    device: describeDevice(session.userAgent, null, words),
    current: session.id === principal.sessionId,
  }))
}
