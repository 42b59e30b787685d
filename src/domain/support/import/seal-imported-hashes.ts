import type { Deps } from '../../../deps.ts'
import { asImportedHash } from '../../../security/password-hash.ts'

const BATCH_SIZE = 500

/**
 * Encrypts the imported password hashes that version 0.1 stored unencrypted. A cron job runs it. If a run is
 * interrupted, the next one continues.
 *
 * @returns how many were encrypted.
 */
export async function sealImportedHashes(deps: Pick<Deps, 'db' | 'passwords'>): Promise<number> {
  let sealed = 0
  for (let after = FIRST_ID; ; ) {
    const rows = await deps.db.account.findMany({
      where: { id: { gt: after }, passwordHash: { startsWith: '$2' } },
      orderBy: { id: 'asc' },
      take: BATCH_SIZE,
      select: { id: true, passwordHash: true },
    })
    for (const { id, passwordHash } of rows) {
      const imported = asImportedHash(passwordHash ?? '')
      if (imported === null) continue // damaged: the account has no password
      const { count } = await deps.db.account.updateMany({
        where: { id, passwordHash }, // a sign-in or a reset may have replaced it
        data: { passwordHash: deps.passwords.sealImported(imported, id) },
      })
      sealed += count
    }
    if (rows.length < BATCH_SIZE) return sealed
    after = rows.at(-1)?.id ?? after
  }
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000'
