import type pg from 'pg'
import type { Pool, Transaction } from './client.ts'
import type { Prisma } from './generated/client.ts'

/** A connection of node-postgres, or the pool. A statement costs about a fifth there of what it costs through Prisma. */
export type Connection = Pool | pg.ClientBase

/** Where a statement that is written by hand can run. */
export type Executor = Transaction | Connection

/**
 * Runs a statement that is written by hand, in a transaction of Prisma or on a connection of node-postgres. On a
 * connection it is prepared under its name, so a name must always have the same text.
 */
export async function runStatement<Row extends object>(
  on: Executor,
  name: string,
  statement: Prisma.Sql,
): Promise<Row[]> {
  if ('$queryRaw' in on) return on.$queryRaw<Row[]>(statement)
  const { rows } = await on.query<Row>({ name, text: statement.text, values: statement.values })
  return rows
}
