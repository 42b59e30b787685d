import pg from 'pg'

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
    if (!(await isBuilt(client, each.index, concurrently))) continue
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
  await buildOrDrop(client, index.index, sql)
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

async function isBuilt(client: pg.ClientBase, index: string, statement: string): Promise<boolean> {
  try {
    await buildOrDrop(client, index, statement)
    return true
  } catch (error) {
    if (error instanceof pg.DatabaseError && NOT_DEFINED_YET.test(error.code ?? '')) return false
    throw error
  }
}

/**
 * A build that failed or was killed leaves an invalid index. No query uses it, but every write maintains it, and `IF
 * NOT EXISTS` treats it as existing. It is therefore dropped.
 */
async function buildOrDrop(client: pg.ClientBase, index: string, statement: string): Promise<void> {
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
