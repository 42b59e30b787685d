import { inTransaction, type Transaction } from '../../database/client.ts'
import { readStoredKeys, type StoredKey } from '../../database/key-statements.ts'
import { lockKeys } from '../../database/row-locks.ts'
import { SECRET_KEY_LEAD_SECONDS } from '../../keys/key-lifetimes.ts'
import { openSession } from '../row-states.ts'
import type { KeyDeps } from './rotate-signing-key.ts'

const ROTATED_PURPOSES: readonly string[] = ['refresh_token', 'password_pepper']

/**
 * Makes a secret key that is due the current one, and deletes a retired key when no token or hash that it made is left.
 * Cron runs this. Processes use a key that is due even before this has run.
 */
export async function advanceSecretKeys(deps: KeyDeps): Promise<void> {
  const now = deps.clock.now()
  const isDue = ({ state, activateAt }: StoredKey) => state === 'next' && activateAt !== null && activateAt <= now
  const keys = (await readStoredKeys(deps.pool)).filter(({ purpose }) => ROTATED_PURPOSES.includes(purpose))
  if (!keys.some((key) => isDue(key) || key.state === 'retired')) return // most runs end here
  await inTransaction(deps.db, async (tx) => {
    await lockKeys(tx)
    const due = await tx.key.findMany({
      where: { purpose: { in: [...ROTATED_PURPOSES] }, state: 'next', activateAt: { lte: now } },
      orderBy: { createdAt: 'asc' },
      select: { id: true, purpose: true, activateAt: true },
    })
    for (const { id, purpose, activateAt } of due) {
      await tx.key.updateMany({ where: { purpose, state: 'current' }, data: { state: 'retired', retiredAt: now } })
      await tx.key.update({ where: { id }, data: { state: 'current', activateAt: null, activatedAt: activateAt } })
    }
    const retired = await tx.key.findMany({
      where: { state: 'retired', purpose: { in: [...ROTATED_PURPOSES] } },
      select: { id: true, purpose: true, retiredAt: true },
    })
    for (const key of retired) {
      if (!(await isInUse(tx, key, now))) await tx.key.delete({ where: { id: key.id } })
    }
  })
}

async function isInUse(
  tx: Transaction,
  { id, purpose, retiredAt }: { id: string; purpose: string; retiredAt: Date | null },
  now: Date,
): Promise<boolean> {
  if (purpose === 'refresh_token') {
    // A replica may have used the old key a little longer than this row says.
    const lastUse = new Date((retiredAt ?? now).getTime() + SECRET_KEY_LEAD_SECONDS * 1000)
    const session = await tx.session.findFirst({
      where: { ...openSession(now), createdAt: { lte: lastUse } },
      select: { id: true },
    })
    return session !== null || lastUse > now
  }
  const prefix = `v1$${id}$`
  const [found] = await tx.$queryRaw<Array<{ isInUse: boolean }>>`
    SELECT EXISTS (SELECT FROM accounts WHERE starts_with(password_hash, ${prefix}))
        OR EXISTS (SELECT FROM registrations WHERE starts_with(password_hash, ${prefix}))
        OR EXISTS (SELECT FROM email_changes WHERE starts_with(password_hash, ${prefix}))
        OR EXISTS (SELECT FROM accounts, unnest(revoked_password_hashes) revoked WHERE starts_with(revoked, ${prefix}))
        AS "isInUse"`
  return found?.isInUse ?? true
}
