import type { Transaction } from '../../database/client.ts'
import { endLinksOfAccount } from '../mailed-links/end-mailed-links.ts'
import { openSession, unfinishedChange } from '../row-states.ts'
import { endSessionsOfAccount, type SessionEndReason } from './end-sessions-of-account.ts'

/**
 * Ends everything that was granted under the account's old credentials. The credential version is incremented, and the
 * sessions, the pending email change and the mailed links end. Revert links are never ended here.
 *
 * The session that made the change may continue. Its access tokens stop working nevertheless, because they carry the
 * old version.
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
  // Sessions come before email changes. See database/row-locks.ts for the order.
  await endSessionsOfAccount(tx, {
    accountId,
    ...(survivingSessionId ? { except: survivingSessionId } : {}),
    reason,
    now,
  })
  await tx.emailChange.updateMany({
    where: { accountId, ...unfinishedChange },
    data: { endedAt: now, endReason: reason },
  })
  const linkEndReason = reason === 'account_disabled' ? 'account_disabled' : 'credentials_changed'
  await endLinksOfAccount(tx, { accountId, reason: linkEndReason, now })
  if (survivingSessionId) {
    await tx.session.updateMany({
      where: { id: survivingSessionId, accountId, ...openSession(now) },
      data: { credentialVersion },
    })
  }
  return { credentialVersion }
}
