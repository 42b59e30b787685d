import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/database/embedded-postgres.ts'
import { migrate } from '../../src/database/migrate.ts'
import { copyKeptCluster, keepCluster } from './kept-cluster.ts'

export interface TestServer {
  /** Of a database one may create others from. */
  url: string
  /** The database that test-database.ts copies: migrated, and empty otherwise. */
  template: string
  stop(): Promise<void>
}

/** Nothing on it outlives the run, so it need not survive a power cut. */
const FAST = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' }
const PREFIX = 'latchkey-test-server-'

const TEMPLATE = 'latchkey_template'

/** A server with a migrated template: one of its own for this run, or the one that TEST_DATABASE_URL names. */
export async function startTestServer(): Promise<TestServer> {
  const given = process.env.TEST_DATABASE_URL
  if (given) return useServer(given)
  await sweepAbandonedServers()
  const dataDir = await temporaryFolder(`${PREFIX}${process.pid}-`)
  if (!(await copyKeptCluster(dataDir))) await makeCluster(dataDir)
  const server = await startEmbeddedPostgres({ dataDir, settings: FAST })
  return { url: server.url, template: TEMPLATE, stop: () => remove(dataDir, server) }
}

/** Other runs may use the server that was named at the same time, so the template has a name of this run's own. */
async function useServer(url: string): Promise<TestServer> {
  const template = `${TEMPLATE}_${randomBytes(6).toString('hex')}`
  await makeTemplate(url, template)
  return { url, template, stop: () => onServer(url, `DROP DATABASE ${template} WITH (FORCE)`) }
}

/** Takes seconds, most of them for PostgreSQL's own initdb: kept for the runs to come. */
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

/** A folder PostgreSQL's own user can pass through where the tests run as root; mkdtemp's are closed to it. */
export async function temporaryFolder(prefix: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), prefix))
  await chmod(folder, 0o711)
  return folder
}

async function remove(dataDir: string, server: EmbeddedPostgres): Promise<void> {
  await server.stop()
  await rm(dataDir, { recursive: true, force: true })
}

/** A run that was interrupted leaves its server behind, which is made to outlive those who use it. */
async function sweepAbandonedServers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(/^latchkey-test-server-(\d+)-/.exec(name)?.[1])
    if (!pid || isRunning(pid)) continue
    const dataDir = path.join(tmpdir(), name)
    await startEmbeddedPostgres({ dataDir, settings: FAST })
      .then((server) => remove(dataDir, server))
      .catch(() => undefined) // another user's, perhaps: not ours to clean
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // somebody else's process, but alive
  }
}
