import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlQuery,
  type Transaction,
} from '@prisma/driver-adapter-utils'
import type { SchemaEngine } from '@prisma/schema-engine-wasm'

// Neither Node's types nor ES2023 declare it.
declare const WebAssembly: {
  instantiate(code: Uint8Array, imports: object): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>
}

/**
 * Runs `work` with Prisma's schema engine in one transaction: a process killed in the middle of a migration leaves a
 * database as it was, and not, as the engine alone would, one that is marked as failed and waits for a person.
 */
export async function withSchemaEngine<T>(databaseUrl: string, work: (engine: SchemaEngine) => Promise<T>): Promise<T> {
  const database = await new PrismaPg({ connectionString: databaseUrl, max: 1 }).connect()
  try {
    const transaction = await database.startTransaction()
    try {
      const result = await work(await startEngine(transaction))
      await execute(transaction, 'COMMIT')
      return result
    } catch (error) {
      await execute(transaction, 'ROLLBACK').catch(() => undefined)
      throw inOneLine(error)
    } finally {
      await transaction.commit() // only gives its connection back
    }
  } finally {
    await database.dispose()
  }
}

async function startEngine(transaction: Transaction): Promise<SchemaEngine> {
  const adapter = adapterIn(transaction)
  const factory = {
    provider: adapter.provider,
    adapterName: adapter.adapterName,
    connect: () => Promise.resolve(adapter),
    connectToShadowDb: () => Promise.reject(new Error('no shadow database is used')),
  }
  loading ??= loadEngine()
  const { SchemaEngine } = await loading
  return SchemaEngine.new({ datamodels: undefined }, () => undefined, bindMigrationAwareSqlAdapterFactory(factory))
}

/** Once a process: the module keeps its memory in variables of its own, and a second copy would overwrite them. */
let loading: ReturnType<typeof loadEngine> | undefined

/** Loaded when it is needed: 5 MB of code that a database which is up to date can do without. */
async function loadEngine() {
  const engine = await import('@prisma/schema-engine-wasm/schema_engine_bg')
  const folder = path.dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'))
  const code = await readFile(path.join(folder, 'schema_engine_bg.wasm'))
  const { instance } = await WebAssembly.instantiate(code, { './schema_engine_bg.js': withIdleTimers(engine) })
  engine.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  return engine
}

/** The engine never clears the timer that limits its wait for a lock: it would keep a finished process alive for 10 s. */
function withIdleTimers(imports: object): object {
  const name = Object.keys(imports).find((each) => each.startsWith('__wbg_setTimeout_'))
  if (!name) return imports
  return { ...imports, [name]: (callback: () => void, ms: number) => setTimeout(callback, ms).unref() }
}

/** What the engine talks to: the one transaction, with a savepoint round each statement that may fail. */
function adapterIn(transaction: Transaction): SqlDriverAdapter {
  return {
    provider: transaction.provider,
    adapterName: transaction.adapterName,
    queryRaw: (query) => guarded(transaction, () => queryCatalog(transaction, query)),
    executeRaw: (query) => guarded(transaction, () => transaction.executeRaw(query)),
    // As one script: Prisma's own adapter cuts it at every semicolon, those of a function's body too.
    executeScript: (script) => guarded(transaction, () => execute(transaction, script)),
    startTransaction: () => Promise.reject(new Error('everything is in one transaction already')),
    dispose: () => Promise.resolve(),
  }
}

async function guarded<T>(transaction: Transaction, work: () => Promise<T>): Promise<T> {
  await execute(transaction, 'SAVEPOINT statement')
  try {
    const result = await work()
    await execute(transaction, 'RELEASE SAVEPOINT statement')
    return result
  } catch (error) {
    await execute(transaction, 'ROLLBACK TO SAVEPOINT statement')
    throw error
  }
}

async function execute(transaction: Transaction, sql: string): Promise<void> {
  await transaction.executeRaw({ sql, args: [], argTypes: [] })
}

/**
 * The engine reads columns of PostgreSQL's catalog that have the type "char", which adapter-pg 7.10 does not know:
 * they are fetched as text and labelled as what the engine expects.
 */
async function queryCatalog(transaction: Transaction, query: SqlQuery) {
  const sql = query.sql
    .replace('constr.contype AS constraint_type', 'constr.contype::text AS constraint_type')
    .replace(/\bcon\.(confdeltype|confupdtype),/g, 'con.$1::text AS $1,')
  const result = await transaction.queryRaw({ ...query, sql })
  const columnTypes = result.columnTypes.map((type, index) => {
    const isChar = ['constraint_type', 'confdeltype', 'confupdtype'].includes(result.columnNames[index] ?? '')
    return isChar ? ColumnTypeEnum.Character : type
  })
  return { ...result, columnTypes }
}

/** The engine's errors carry a stack of Rust frames; what matters is the migration and the database's own words. */
function inOneLine(error: unknown): Error {
  const text = error instanceof Object && 'message' in error ? String(error.message) : String(error)
  const migration = /migration_name="([^"]+)"/.exec(text)?.[1]
  const reason = /^Error querying the database: (.*)$/m.exec(text)?.[1] ?? text.split('\n')[0]
  return new Error(`${migration ? `Migration ${migration} failed` : 'The schema engine failed'}: ${reason}`, {
    cause: error,
  })
}
