import pg from 'pg'
import { inTransactionWithoutLongWaits } from './lock-waits.ts'

/** One `CREATE INDEX` statement of a migration. */
interface IndexStatement {
  readonly statement: string
  readonly index: string
  readonly table: string
}

/** The form in which Prisma writes the statement: it begins on a new line and contains no semicolon. */
const CREATE_INDEX =
  /^CREATE (?:UNIQUE )?INDEX (?:CONCURRENTLY )?(?:IF NOT EXISTS )?"?(?<index>\w+)"? ON "?(?<table>\w+)"?[^;]*;/gm

/** SQLSTATE class 42: a column, table or function does not exist yet, because the same migration creates it. */
const NOT_DEFINED_YET = /^42/

/**
 * Builds the indexes of a migration that belong to existing tables. It does so concurrently, before the transaction of the
 * migration starts. Inside the transaction, building an index would block writes until the commit.
 *
 * @returns the SQL for the transaction, which skips the indexes that have been built.
 */
export async function buildIndexesConcurrently(client: pg.ClientBase, sql: string): Promise<string> {
  let remaining = sql
  for (const each of indexStatements(sql)) {
    if (!(await tableExists(client, each.table))) continue
    const concurrently = each.statement
      .replace(/INDEX CONCURRENTLY/, 'INDEX')
      .replace(/INDEX (IF NOT EXISTS )?/, 'INDEX CONCURRENTLY IF NOT EXISTS ')
    if (!(await isBuilt(client, { ...each, statement: concurrently }))) continue
    remaining = remaining.replace(each.statement, () =>
      each.statement.replace(/INDEX (IF NOT EXISTS )?/, 'INDEX IF NOT EXISTS '),
    )
  }
  return remaining
}

/** Runs a migration outside a transaction. It is one `CREATE INDEX CONCURRENTLY`, or any other single statement. */
export async function runOutsideTransaction(client: pg.ClientBase, sql: string): Promise<void> {
  const [index] = indexStatements(sql)
  if (!index) {
    await client.query(sql)
    return
  }
  await build(client, index)
}

function indexStatements(sql: string): IndexStatement[] {
  return [...sql.matchAll(CREATE_INDEX)].map((match) => ({
    statement: match[0],
    index: match.groups?.['index'] ?? '',
    table: match.groups?.['table'] ?? '',
  }))
}

async function tableExists(client: pg.ClientBase, table: string): Promise<boolean> {
  const { rows } = await client.query<{ exists: boolean }>(
    'SELECT to_regclass(quote_ident($1)) IS NOT NULL AS exists',
    [table],
  )
  return rows[0]?.exists === true
}

async function isBuilt(client: pg.ClientBase, index: IndexStatement): Promise<boolean> {
  try {
    await build(client, index)
    return true
  } catch (error) {
    if (error instanceof pg.DatabaseError && NOT_DEFINED_YET.test(error.code ?? '')) return false
    throw error
  }
}

async function build(client: pg.ClientBase, index: IndexStatement): Promise<void> {
  const partitions = await partitionsOf(client, index.table)
  if (partitions.length === 0) return buildOrDrop(client, index)
  await createOnTable(client, index)
  for (const partition of partitions) {
    const part = { index: `${partition}_${index.index}`.slice(0, MAX_IDENTIFIER_BYTES), table: partition }
    await buildOrDrop(client, { ...part, statement: rename(index, part) })
    await client.query(
      `ALTER INDEX ${pg.escapeIdentifier(index.index)} ATTACH PARTITION ${pg.escapeIdentifier(part.index)}`,
    )
  }
}

const MAX_IDENTIFIER_BYTES = 63

async function partitionsOf(client: pg.ClientBase, table: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
     WHERE inhparent = to_regclass(quote_ident($1)) AND c.relispartition ORDER BY 1`,
    [table],
  )
  return rows.map(({ name }) => name)
}

/**
 * PostgreSQL cannot build the index of a partitioned table concurrently. The index is therefore created on the table alone.
 * It becomes valid when every partition has its part, and a partition that is created meanwhile gets its part with it.
 */
async function createOnTable(client: pg.ClientBase, { statement, table }: IndexStatement): Promise<void> {
  const only = statement
    .replace('INDEX CONCURRENTLY', 'INDEX')
    .replace(/ ON "?\w+"?/, ` ON ONLY ${pg.escapeIdentifier(table)}`)
  await inTransactionWithoutLongWaits(client, async () => {
    await client.query(only)
  })
}

function rename({ statement }: IndexStatement, to: Pick<IndexStatement, 'index' | 'table'>): string {
  const [index, table] = [pg.escapeIdentifier(to.index), pg.escapeIdentifier(to.table)]
  return statement.replace(/( IF NOT EXISTS )"?\w+"? ON "?\w+"?/, (_all, clause) => `${clause}${index} ON ${table}`)
}

/**
 * A build that failed or was killed leaves an invalid index. No query uses it, but every write maintains it, and `IF
 * NOT EXISTS` treats it as existing. It is therefore dropped.
 */
async function buildOrDrop(client: pg.ClientBase, { index, statement }: IndexStatement): Promise<void> {
  await dropIfInvalid(client, index)
  try {
    await client.query(statement)
  } catch (error) {
    await dropIfInvalid(client, index).catch(() => undefined) // the next run does it
    throw error
  }
}

async function dropIfInvalid(client: pg.ClientBase, index: string): Promise<void> {
  const { rowCount } = await client.query(
    'SELECT FROM pg_index WHERE indexrelid = to_regclass(quote_ident($1)) AND NOT indisvalid',
    [index],
  )
  if (rowCount) await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${pg.escapeIdentifier(index)}`)
}
