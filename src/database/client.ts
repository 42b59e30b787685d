import { PrismaPg } from '@prisma/adapter-pg'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import type { PoolClient } from 'pg'
import { DatabaseUnreachable, isWriteConflict } from './connection/connection-errors.ts'
import { DatabasePool } from './connection/database-pool.ts'
import { type Prisma, PrismaClient } from './generated/client.ts'

export type Database = PrismaClient
/** An open transaction. `$connect` excludes the client itself, which would commit each statement separately. */
export type Transaction = Prisma.TransactionClient & { readonly $connect?: never }
export type Pool = DatabasePool

/** How long Prisma waits for a connection, and how long a transaction may take, in milliseconds. */
const TRANSACTION = { maxWait: 2_000, timeout: 5_000 }
const TRANSACTION_TRIES = 3

/** `idleInTransactionMs` ends a transaction whose ROLLBACK was lost in an outage. */
const LIMITS = { statementMs: 4_000, lockMs: 2_500, idleInTransactionMs: 6_000 }
/** This is longer than a statement may take. A query without a result after this time was lost. */
const QUERY_TIMEOUT_MS = 6_000

interface ConnectOptions {
  /** The most connections that this process opens. */
  readonly poolSize: number
  /** Whether LISTEN, session locks or temporary tables are used, so that a pooler in transaction mode is refused. */
  readonly needsSessions?: boolean
  readonly onIdleError: (error: Error) => void
}

/** Creates one pool for Prisma and the hand-written statements. It connects when it is first used. */
export function connect(
  url: string,
  { poolSize, needsSessions = false, onIdleError }: ConnectOptions,
): { db: Database; pool: Pool } {
  const pool = new DatabasePool(url, {
    limits: LIMITS,
    size: poolSize,
    applicationName: 'latchkey',
    queryTimeoutMs: QUERY_TIMEOUT_MS,
    needsSessions,
    onIdleError,
  })
  const db = new PrismaClient({ adapter: adapterOn(pool), errorFormat: 'minimal', transactionOptions: TRANSACTION })
  return { db, pool }
}

/**
 * Gives Prisma the schema that the other statements use. It names the schema in each statement, and its default is
 * "public".
 */
function adapterOn(pool: Pool): SqlDriverAdapterFactory {
  const { provider, adapterName } = new PrismaPg(pool)
  return {
    provider,
    adapterName,
    connect: async () => new PrismaPg(pool, { schema: await pool.schema() }).connect(),
  }
}

/**
 * Runs a change as one transaction. After a deadlock or a serialisation failure it runs the transaction again, up to
 * three times in all. `work` must do nothing but database work, so that running it twice is safe.
 */
export async function inTransaction<Result>(db: Database, work: (tx: Transaction) => Promise<Result>): Promise<Result> {
  return afterWriteConflictsAgain(() => db.$transaction(work, TRANSACTION))
}

/**
 * The same, on a connection of node-postgres: for work whose statements are all written by hand. It costs about a fifth
 * of a transaction of Prisma.
 */
export async function inHandWrittenTransaction<Result>(
  pool: Pool,
  work: (connection: PoolClient) => Promise<Result>,
): Promise<Result> {
  return afterWriteConflictsAgain(async () => {
    const connection = await pool.connect()
    let isUsable = true
    try {
      await connection.query('BEGIN')
      const result = await work(connection)
      await connection.query('COMMIT')
      return result
    } catch (error) {
      isUsable = !(error instanceof DatabaseUnreachable) && (await hasRolledBack(connection))
      throw error
    } finally {
      connection.release(!isUsable) // a connection that is closed rolls its transaction back
    }
  })
}

function hasRolledBack(connection: PoolClient): Promise<boolean> {
  return connection.query('ROLLBACK').then(
    () => true,
    () => false,
  )
}

async function afterWriteConflictsAgain<Result>(run: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run()
    } catch (error) {
      if (tries === TRANSACTION_TRIES || !isWriteConflict(error)) throw error
    }
  }
}
