import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { Prisma, PrismaClient } from './generated/client.ts'

export type Database = PrismaClient
/** An open transaction. The client itself, which would commit each statement alone, is not one: it has `$connect`. */
export type Transaction = Prisma.TransactionClient & { readonly $connect?: never }
export type Pool = pg.Pool

const TRANSACTION = { maxWait: 2_000, timeout: 5_000 }
const TRANSACTION_TRIES = 3

/** Times in milliseconds, but for those of TCP, which are seconds. */
const SERVER_SIDE = {
  statement_timeout: 4_000,
  lock_timeout: 2_500,
  // Also what ends a transaction whose ROLLBACK was lost in an outage: node-postgres hands its connection on.
  idle_in_transaction_session_timeout: 6_000,
  tcp_keepalives_idle: 30,
  tcp_keepalives_interval: 10,
  tcp_keepalives_count: 3,
  timezone: 'UTC',
}

/**
 * One pool for Prisma, the hot statements and the queue. Every wait has an end: node-postgres has no time-outs of its
 * own, and a request that hangs on a dead database holds its caller for minutes.
 */
export function connect(url: string, onIdleError: (error: Error) => void): { db: Database; pool: Pool } {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'latchkey',
    max: 20,
    connectionTimeoutMillis: 2_000,
    idleTimeoutMillis: 30_000,
    // Both ends notice within a minute or so that the other is gone; left to themselves they take two hours.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: Object.entries(SERVER_SIDE)
      .map(([setting, value]) => `-c ${setting}=${value}`)
      .join(' '),
    query_timeout: 6_000,
  })
  // Without listeners a connection that drops, idle or in use, ends the process.
  pool.on('error', onIdleError)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const db = new PrismaClient({ adapter: new PrismaPg(pool), errorFormat: 'minimal', transactionOptions: TRANSACTION })
  return { db, pool }
}

/**
 * Runs a change as one transaction, again where PostgreSQL asks for that (deadlock, serialisation): a flow's
 * transaction holds nothing but database work, so running it twice is safe.
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

/** Whether PostgreSQL gave up one of two that wait for each other, and asks for it again. */
export function isWriteConflict(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return WRITE_CONFLICT.test(error.code ?? '')
  return (
    error instanceof Prisma.PrismaClientKnownRequestError &&
    (error.code === 'P2034' || WRITE_CONFLICT.test(sqlState(error)))
  )
}

const WRITE_CONFLICT = /40001|40P01/

/** Prisma's codes for a server that is away, and PostgreSQL's own (conflicts, connections, resources, time-outs). */
const UNAVAILABLE_PRISMA = /^P(1001|1002|1008|1017|2024|2028|2037)$/
const UNAVAILABLE_SQLSTATE = /^(08|40001|40P01|53|57P|57014|55P03|25006|25P03)/
const UNAVAILABLE_MESSAGE =
  /ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|ETIMEDOUT|EAI_AGAIN|Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Can't reach database|connection is closed|not queryable|Unable to start a transaction/i

/** Whether the error says that the database is away or overloaded, rather than that the code is wrong. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!isError(error)) return false
  const code = 'code' in error ? String(error.code) : ''
  if (UNAVAILABLE_PRISMA.test(code) || UNAVAILABLE_SQLSTATE.test(code) || UNAVAILABLE_SQLSTATE.test(sqlState(error)))
    return true
  if (!isFromDatabase(error, code)) return false
  return UNAVAILABLE_MESSAGE.test(`${code} ${error.message}`) || isDatabaseUnavailable(error.cause)
}

/** By shape: a native error may come from another realm, where `instanceof` is blind. */
function isError(error: unknown): error is Error {
  return typeof error === 'object' && error !== null && 'message' in error && 'name' in error
}

function isFromDatabase(error: Error, code: string): boolean {
  return (
    error.name.startsWith('Prisma') ||
    error.name === 'DriverAdapterError' ||
    error instanceof pg.DatabaseError ||
    /^E[A-Z]+$/.test(code) ||
    UNAVAILABLE_MESSAGE.test(error.message)
  )
}

/** The SQLSTATE that a driver adapter buried in Prisma's metadata. */
function sqlState(error: Error): string {
  const meta =
    'meta' in error ? (error.meta as { driverAdapterError?: { cause?: { originalCode?: string } } }) : undefined
  const own = error.cause as { originalCode?: string } | undefined
  return meta?.driverAdapterError?.cause?.originalCode ?? own?.originalCode ?? ''
}
