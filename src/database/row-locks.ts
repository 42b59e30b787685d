import type { Transaction } from './client.ts'
import { type Account, Prisma } from './generated/client.ts'
import { type Connection, type Executor, runStatement } from './statement.ts'

/*
 * Every explicit lock of a request or of planning is taken by a function of this file. The locks that show that a worker
 * (worker/dead-workers.ts), `migrate` or the embedded database is running have their own files. Two transactions that take
 * the same locks in different orders wait for each other until PostgreSQL aborts one of them. So every transaction takes
 * its locks in this order, and leaves out the ones it does not need:
 *
 *   1. signing and secret keys    lockKeys
 *   2. the account                lockAccountRow or lockCredentials, or shareAccountRow for reading only;
 *                                 then lockOtherAccountRows, in the order of their ids
 *   3. its sessions               lockOpenSessionRows, keepSessionOpen
 *   4. its email changes          (the UPDATE of the row is the lock)
 *   5. erasures as a whole        blockErasures, joinErasures
 *   6. a mailbox                  lockMailbox
 *   7. an address                 lockAddress, several of them in alphabetical order
 *   8. mails, security events     lockMailRows, lockUnaddressedSecurityEvents: in the order of their ids or positions
 *
 * One exception: requesting, confirming or reverting an email change locks an address (7) before it changes sessions (3)
 * or email changes (4) of its account. This is safe because the account's row lock (2) is held: no other transaction that
 * holds locks 3 or 4 of this account can wait for an address.
 *
 * Mailed links have no separate lock: a transaction that uses or ends a link holds the lock of its account, or of its address.
 *
 * One deadlock is possible: two people who named each other's addresses are erased at the same moment. One erasure runs again.
 *
 * 1, 5, 6 and 7 are advisory locks: they stand for something that may have no row, such as an address that is free.
 * All of them end with the transaction. A locked address (README.md, Words) is something else: a state of its row.
 */

/** Only one process at a time changes keys. If several replicas find that a key is missing, only one creates it. */
export async function lockKeys(tx: Transaction): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('latchkey keys', 0))`
}

/** Every credential change takes this lock first, so that two changes of one account happen one after the other. */
export async function lockAccountRow(tx: Transaction, accountId: string | null): Promise<Account | null> {
  if (accountId === null) return null
  await tx.$executeRaw`SELECT 1 FROM accounts WHERE id = ${accountId}::uuid FOR UPDATE`
  return tx.account.findUnique({ where: { id: accountId } })
}

/**
 * Locks other accounts whose links and email changes an erasure changes. Without these locks, the erasure would wait for an
 * account that uses such a link, and that account for the erasure.
 */
export async function lockOtherAccountRows(tx: Transaction, accountIds: readonly string[]): Promise<void> {
  await tx.$executeRaw`SELECT 1 FROM accounts WHERE id = ANY(${[...accountIds]}::uuid[]) ORDER BY id FOR UPDATE`
}

export interface LockedCredentials {
  readonly credentialVersion: number
  readonly isDisabled: boolean
  readonly passwordHash: string | null
}

/** Takes the same lock for a sign-in, in one hand-written statement; null if the account has been erased. */
export async function lockCredentials(connection: Connection, accountId: string): Promise<LockedCredentials | null> {
  const { rows } = await connection.query<LockedCredentials>({
    name: 'lock-credentials',
    text: LOCK_CREDENTIALS,
    values: [accountId],
  })
  return rows[0] ?? null
}

const LOCK_CREDENTIALS = `
  SELECT credential_version AS "credentialVersion", disabled_at IS NOT NULL AS "isDisabled",
         password_hash AS "passwordHash"
  FROM accounts WHERE id = $1 FOR UPDATE`

/**
 * Keeps the account as it is until this transaction ends, without keeping others from reading it. The worker takes this
 * lock first, then reads the account, then creates the link. Without the lock, a credential change or a revert could
 * commit between these steps, and the new link would survive it.
 */
export async function shareAccountRow(tx: Transaction, accountId: string): Promise<Account | null> {
  await tx.$executeRaw`SELECT 1 FROM accounts WHERE id = ${accountId}::uuid FOR SHARE`
  return tx.account.findUnique({ where: { id: accountId } })
}

/**
 * Takes the lock that protects what a mailed link acts on: its account, or the address that it would create an account
 * for. Creating that account ends the other links to the address. Without this lock, two such links would each hold
 * their own row and wait for the other's.
 */
export async function lockAccountOrAddress(
  tx: Transaction,
  link: { readonly accountId: string | null; readonly address: string },
): Promise<Account | null> {
  if (link.accountId !== null) return lockAccountRow(tx, link.accountId)
  await lockAddress(tx, link.address)
  return null
}

/**
 * When a refresh token is reused, its session is ended first, then the email change of that session. Sessions come before
 * email changes here for the same reason.
 */
export async function lockOpenSessionRows(tx: Transaction, accountId: string | null): Promise<void> {
  await tx.$executeRaw`SELECT 1 FROM sessions WHERE account_id = ${accountId}::uuid AND ended_at IS NULL FOR UPDATE`
}

/**
 * Prevents the session from being revoked until this transaction ends. Without it, the session could be revoked while
 * the password is compared, and the change that it requests would be made after the revocation.
 *
 * @returns false if the session has already ended.
 */
export async function keepSessionOpen(tx: Transaction, sessionId: string): Promise<boolean> {
  const locked = await tx.$executeRaw`
    SELECT 1 FROM sessions WHERE id = ${sessionId}::uuid AND ended_at IS NULL FOR SHARE`
  return locked > 0
}

/**
 * Waits for running erasures and blocks new ones. A batch of many addresses takes this one lock instead of one for each
 * address.
 */
export async function blockErasures(tx: Transaction): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('erasures', 0))`
}

/** Marks this transaction as an erasure. Erasures do not wait for each other, only for `blockErasures`. */
export async function joinErasures(tx: Transaction): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock_shared(hashtextextended('erasures', 0))`
}

/** Two workers that plan mails to the same mailbox count its recent mails one after the other. */
export async function lockMailbox(on: Executor, mailbox: string): Promise<void> {
  await runStatement(on, 'lock-mailbox', Prisma.sql`SELECT true AS locked FROM ${mailboxLock(mailbox)}`)
}

/** The account that has an address, as far as its reset instructions depend on it. */
export interface AddressHolder {
  readonly id: string
  readonly email: string
  readonly locale: string | null
  readonly credentialVersion: number
  readonly disabledAt: Date | null
}

/**
 * Takes the locks of `shareAccountRow` and `lockMailbox` in one statement, in this order: the expressions of a row are
 * evaluated after its tables have been read and locked. What depends on these locks must be read by a later statement.
 *
 * @returns the account that had the address when the statement began; null if there was none.
 */
export async function lockHolderAndMailbox(
  on: Connection,
  { address, mailbox }: { address: string; mailbox: string },
): Promise<AddressHolder | null> {
  const [holder] = await runStatement<AddressHolder | { id: null }>(
    on,
    'lock-holder-and-mailbox',
    Prisma.sql`
      WITH holder AS MATERIALIZED (
        SELECT a.id, a.email, a.locale, a.credential_version AS "credentialVersion", a.disabled_at AS "disabledAt"
        FROM addresses d JOIN accounts a ON a.id = d.account_id
        WHERE d.address = ${address} AND d.locked_at IS NULL
        FOR SHARE OF a
      )
      SELECT holder.*, ${mailboxLock(mailbox)} FROM (VALUES (true)) AS always (present) LEFT JOIN holder ON present`,
  )
  return holder?.id ? holder : null
}

function mailboxLock(mailbox: string): Prisma.Sql {
  return Prisma.sql`pg_advisory_xact_lock(hashtextextended(${`mail to ${mailbox}`}, 0))`
}

/**
 * An erasure replaces an address by its keyed hash while a claim may be waiting for the same address. Both take this
 * lock, so that the claim sees either the address or its hash.
 */
export async function lockAddress(on: Executor, address: string): Promise<void> {
  await runStatement(
    on,
    'lock-address',
    Prisma.sql`SELECT true AS locked FROM pg_advisory_xact_lock(hashtextextended(${`address ${address}`}, 0))`,
  )
}

/** Locks the rows in the order of their ids, so that two deliveries of one batch of provider events do not deadlock. */
export async function lockMailRows(tx: Transaction, ids: readonly string[]): Promise<void> {
  await tx.$executeRaw`SELECT 1 FROM mails WHERE id = ANY(${[...ids]}::uuid[]) ORDER BY id FOR UPDATE`
}

/**
 * Two jobs of one account may run at once: the second waits here, and then finds nothing left to do.
 *
 * @returns the ids of the account's events that have no deliveries yet, in the order they were committed.
 */
export async function lockUnaddressedSecurityEvents(tx: Transaction, accountId: string): Promise<string[]> {
  const events = await tx.$queryRaw<Array<{ id: string }>>`
    SELECT id FROM security_events WHERE account_id = ${accountId}::uuid AND addressed_at IS NULL
    ORDER BY position FOR UPDATE`
  return events.map(({ id }) => id)
}
