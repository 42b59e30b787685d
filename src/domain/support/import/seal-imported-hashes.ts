import type { Deps } from '../../../deps.ts'
import { asImportedHash } from '../../../security/password-hash.ts'

const BATCH_SIZE = 500

/**
 * Encrypts the imported password hashes that version 0.1 stored unencrypted. A cron job runs it. If a run is
 * interrupted, the next one continues.
 *
 * @returns how many were encrypted.
 */
export async function sealImportedHashes(deps: Pick<Deps, 'db' | 'pool' | 'passwords'>): Promise<number> {
  let sealed = 0
  for (let after = FIRST_ID; ; ) {
    const { rows } = await deps.pool.query<ImportedHash>(READ_HASHES, [after, BATCH_SIZE])
    for (const { id, passwordHash } of rows) {
      const imported = asImportedHash(passwordHash)
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

interface ImportedHash {
  readonly id: string
  readonly passwordHash: string
}

/** Written by hand, so that a worker that finds none does not load Prisma's query compiler. */
const READ_HASHES = `SELECT id, password_hash AS "passwordHash" FROM accounts
  WHERE id > $1 AND password_hash LIKE '$2%' ORDER BY id LIMIT $2`

const FIRST_ID = '00000000-0000-0000-0000-000000000000'
