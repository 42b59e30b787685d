import type { Transaction } from '../../database/client.ts'
import { endSessions, type SessionEndReason } from './end-sessions.ts'

/**
 * Makes everything that was granted under the old credentials dead: the account's number goes up, its sessions end, a
 * pending email change ends with them. The one session that made the change may be carried over; its access tokens
 * die all the same, for they carry the old number. Revert links live on, whatever happens.
 *
 * The account's row must be locked.
 */
export async function endAccess(
  tx: Transaction,
  input: { accountId: string; reason: SessionEndReason; survivingSessionId?: string; now: Date },
): Promise<{ credentialVersion: number }> {
  const { accountId, reason, survivingSessionId, now } = input
  const { credentialVersion } = await tx.account.update({
    where: { id: accountId },
    data: { credentialVersion: { increment: 1 } },
    select: { credentialVersion: true },
  })
  // Sessions before changes, as everywhere: in the other order two of us could wait for each other.
  await endSessions(tx, { accountId, ...(survivingSessionId ? { except: survivingSessionId } : {}), reason, now })
  await tx.emailChange.updateMany({
    where: { accountId, confirmedAt: null, endedAt: null },
    data: { endedAt: now, endReason: reason },
  })
  if (survivingSessionId) {
    await tx.session.updateMany({
      where: { id: survivingSessionId, accountId, endedAt: null },
      data: { credentialVersion },
    })
  }
  return { credentialVersion }
}
