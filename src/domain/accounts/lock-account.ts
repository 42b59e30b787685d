import type { Transaction } from '../../database/client.ts'
import type { Account, MailedToken } from '../../database/generated/client.ts'
import { lockAgainstClaims } from '../addresses.ts'
import type { NormalizedAddress } from './email-address.ts'

/** Every credential change takes its account's row first, so that two of them happen one after the other. */
export async function lockAccount(tx: Transaction, accountId: string | null): Promise<Account | null> {
  if (accountId === null) return null
  await tx.$executeRaw`SELECT 1 FROM accounts WHERE id = ${accountId}::uuid FOR UPDATE`
  return tx.account.findUnique({ where: { id: accountId } })
}

/**
 * Locks what a link is about before it is spent: its account, or the address it would open one for. Opening that ends
 * the address's other links, so each of two would hold its own and wait for the other's.
 */
export async function lockOwner(
  tx: Transaction,
  link: Pick<MailedToken, 'accountId' | 'address'>,
): Promise<Account | null> {
  if (link.accountId !== null) return lockAccount(tx, link.accountId)
  await lockAgainstClaims(tx, link.address as NormalizedAddress)
  return null
}
