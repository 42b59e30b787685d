import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/database/embedded-postgres.ts'

export interface TestServer {
  /** Of a database one may create others from. */
  url: string
  stop(): Promise<void>
}

/** Nothing on it outlives the run, so it need not survive a power cut. */
const FAST = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' }
const PREFIX = 'latchkey-test-server-'

/** A server of its own for this run, or the one TEST_DATABASE_URL names. */
export async function startTestServer(): Promise<TestServer> {
  const given = process.env.TEST_DATABASE_URL
  if (given) return { url: given, stop: () => Promise.resolve() }
  await sweepAbandonedServers()
  const dataDir = await temporaryFolder(`${PREFIX}${process.pid}-`)
  const server = await startEmbeddedPostgres({ dataDir, settings: FAST })
  return { url: server.url, stop: () => remove(dataDir, server) }
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
