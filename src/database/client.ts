import { PrismaPg } from '@prisma/adapter-pg'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { isWriteConflict } from './connection/connection-errors.ts'
import { DatabasePool } from './connection/database-pool.ts'
import { type Prisma, PrismaClient } from './generated/client.ts'

export type Database = PrismaClient
/** An open transaction. The client itself, which would commit each statement alone, is not one: it has `$connect`. */
export type Transaction = Prisma.TransactionClient & { readonly $connect?: never }
export type Pool = DatabasePool

/** In milliseconds. */
const TRANSACTION = { maxWait: 2_000, timeout: 5_000 }
const TRANSACTION_TRIES = 3

/** A transaction whose ROLLBACK was lost in an outage is ended by the last of them. */
const LIMITS = { statementMs: 4_000, lockMs: 2_500, idleInTransactionMs: 6_000 }
/** Longer than a statement may take: what is not answered by then was lost. */
const QUERY_TIMEOUT_MS = 6_000

interface ConnectOptions {
  /** The most connections that this process opens. */
  readonly poolSize: number
  readonly onIdleError: (error: Error) => void
}

/** Opens one pool for Prisma, the statements of the hot paths and the queue. Connects when it is first used. */
export function connect(url: string, { poolSize, onIdleError }: ConnectOptions): { db: Database; pool: Pool } {
  const pool = new DatabasePool(url, {
    limits: LIMITS,
    size: poolSize,
    applicationName: 'latchkey',
    queryTimeoutMs: QUERY_TIMEOUT_MS,
    onIdleError,
  })
  const db = new PrismaClient({ adapter: adapterOn(pool), errorFormat: 'minimal', transactionOptions: TRANSACTION })
  return { db, pool }
}

/** Prisma names the schema in each of its statements, and would take "public": it is told the one that all others use. */
function adapterOn(pool: Pool): SqlDriverAdapterFactory {
  const { provider, adapterName } = new PrismaPg(pool)
  return {
    provider,
    adapterName,
    connect: async () => new PrismaPg(pool, { schema: await pool.schema() }).connect(),
  }
}

/**
 * Runs a change as one transaction, and again where PostgreSQL asks for that (deadlock, serialisation failure): the
 * transaction of a flow does nothing but database work, so running it twice is safe.
 */
export async function inTransaction<Result>(db: Database, work: (tx: Transaction) => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await db.$transaction(work, TRANSACTION)
    } catch (error) {
      if (tries === TRANSACTION_TRIES || !isWriteConflict(error)) throw error
    }
  }
}
