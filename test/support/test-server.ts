import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/database/embedded-postgres.ts'
import { migrate } from '../../src/database/migrate.ts'
import { copyKeptCluster, keepCluster, TEMPLATE } from './kept-cluster.ts'
import { dataFolders, temporaryFolder } from './temporary-folders.ts'

export interface TestServer {
  /** The URL of a database from which others may be created. */
  url: string
  /** The name of the database that test-database.ts copies. It is migrated, and empty otherwise. */
  template: string
  stop(): Promise<void>
}

/**
 * Nothing on the server outlives the run: it need not survive a power failure, and no table grows enough to need a vacuum.
 *
 * PostgreSQL does not end a deadlock here. Otherwise the service would run the aborted transaction again and succeed, and no
 * test would notice that locks are taken in the wrong order. Here both requests run into lock_timeout and are answered 503.
 */
const FAST = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '1GB',
  autovacuum: 'off',
  deadlock_timeout: '1min',
  max_connections: '300',
}
const PREFIX = 'latchkey-test-server-'

/** Starts a server for this run, or uses the one that TEST_DATABASE_URL names. Either has a migrated template. */
export async function startTestServer(): Promise<TestServer> {
  const given = process.env.TEST_DATABASE_URL
  if (given) return useServer(given)
  await sweepAbandonedServers()
  const dataDir = await temporaryFolder(`${PREFIX}${process.pid}-`, await dataFolders())
  if (!(await copyKeptCluster(dataDir))) await makeCluster(dataDir)
  const server = await startEmbeddedPostgres({ dataDir, settings: FAST })
  return { url: server.url, template: TEMPLATE, stop: () => remove(dataDir, server) }
}

/** Several runs may use the named server at the same time, so the name of the template is unique. */
async function useServer(url: string): Promise<TestServer> {
  const template = `${TEMPLATE}_${randomBytes(6).toString('hex')}`
  await makeTemplate(url, template)
  return { url, template, stop: () => onServer(url, `DROP DATABASE ${template} WITH (FORCE)`) }
}

/** This takes seconds, most of them in PostgreSQL's initdb, so the result is kept for later runs. */
async function makeCluster(dataDir: string): Promise<void> {
  const server = await startEmbeddedPostgres({ dataDir, settings: FAST })
  try {
    await makeTemplate(server.url, TEMPLATE)
  } finally {
    await server.stop()
  }
  await keepCluster(dataDir)
}

async function makeTemplate(serverUrl: string, name: string): Promise<void> {
  await onServer(serverUrl, `CREATE DATABASE ${name}`)
  const url = new URL(serverUrl)
  url.pathname = name
  await migrate(url.href)
}

async function onServer(url: string, statement: string): Promise<void> {
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  await admin.query(statement)
  await admin.end()
}

async function remove(dataDir: string, server: EmbeddedPostgres): Promise<void> {
  await server.stop()
  await rm(dataDir, { recursive: true, force: true })
}

/** An interrupted run leaves its server running, because the server is made to outlive the processes that use it. */
async function sweepAbandonedServers(): Promise<void> {
  const parent = await dataFolders()
  for (const name of await readdir(parent)) {
    const pid = Number(/^latchkey-test-server-(\d+)-/.exec(name)?.[1])
    if (!pid || isRunning(pid)) continue
    const dataDir = path.join(parent, name)
    await startEmbeddedPostgres({ dataDir, settings: FAST })
      .then((server) => remove(dataDir, server))
      .catch(() => undefined) // it may belong to another user
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // the process of another user, but it is running
  }
}
