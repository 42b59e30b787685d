import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlQuery,
} from '@prisma/driver-adapter-utils'
import type { SchemaEngine } from '@prisma/schema-engine-wasm'

// Neither Node's types nor TypeScript's ES2023 library declare WebAssembly.
declare const WebAssembly: {
  instantiate(code: Uint8Array, imports: object): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>
}

/**
 * Runs `work` with Prisma's schema engine, which compares a database with prisma/schema.prisma. It is used in
 * development only: the service and `latchkey migrate` apply migrations without it.
 */
export async function withSchemaEngine<T>(databaseUrl: string, work: (engine: SchemaEngine) => Promise<T>): Promise<T> {
  const database = await new PrismaPg({ connectionString: databaseUrl, max: 1 }).connect()
  try {
    return await work(await startEngine(database))
  } finally {
    await database.dispose()
  }
}

async function startEngine(database: SqlDriverAdapter): Promise<SchemaEngine> {
  const adapter: SqlDriverAdapter = {
    provider: database.provider,
    adapterName: database.adapterName,
    queryRaw: (query) => queryCatalog(database, query),
    executeRaw: (query) => database.executeRaw(query),
    executeScript: (script) => database.executeScript(script),
    startTransaction: (...options) => database.startTransaction(...options),
    dispose: () => Promise.resolve(),
  }
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

/** Loaded once per process: the module keeps its memory in module variables, which a second copy would overwrite. */
let loading: ReturnType<typeof loadEngine> | undefined

async function loadEngine() {
  const engine = await import('@prisma/schema-engine-wasm/schema_engine_bg')
  const folder = path.dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'))
  const code = await readFile(path.join(folder, 'schema_engine_bg.wasm'))
  const { instance } = await WebAssembly.instantiate(code, { './schema_engine_bg.js': withIdleTimers(engine) })
  engine.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  return engine
}

/**
 * Keeps the engine's timers from delaying the end of the process. The engine never clears the 10-second timer that
 * limits its wait for a lock.
 */
function withIdleTimers(imports: object): object {
  const name = Object.keys(imports).find((each) => each.startsWith('__wbg_setTimeout_'))
  if (!name) return imports
  return { ...imports, [name]: (callback: () => void, ms: number) => setTimeout(callback, ms).unref() }
}

/**
 * The engine reads columns of PostgreSQL's catalog that have the type "char", which adapter-pg 7.10 does not know: they
 * are read as text and labelled with the type that the engine expects.
 */
async function queryCatalog(database: SqlDriverAdapter, query: SqlQuery) {
  const sql = query.sql
    .replace('constr.contype AS constraint_type', 'constr.contype::text AS constraint_type')
    .replace(/\bcon\.(confdeltype|confupdtype),/g, 'con.$1::text AS $1,')
  const result = await database.queryRaw({ ...query, sql })
  const columnTypes = result.columnTypes.map((type, index) => {
    const isChar = ['constraint_type', 'confdeltype', 'confupdtype'].includes(result.columnNames[index] ?? '')
    return isChar ? ColumnTypeEnum.Character : type
  })
  return { ...result, columnTypes }
}
