import type { Transaction } from '../../database/client.ts'
import type { Account } from '../../database/generated/client.ts'

/** Every credential change takes its account's row first, so that two of them happen one after the other. */
export async function lockAccount(tx: Transaction, accountId: string | null): Promise<Account | null> {
  if (accountId === null) return null
  await tx.$executeRaw`SELECT 1 FROM accounts WHERE id = ${accountId}::uuid FOR UPDATE`
  return tx.account.findUnique({ where: { id: accountId } })
}
