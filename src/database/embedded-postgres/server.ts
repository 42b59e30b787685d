import { spawn } from 'node:child_process'
import { open, readFile, rmdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type Cluster, prepareSocketFolder, socketFolderOf } from './cluster.ts'
import { CHILD_ENVIRONMENT, errorCode, errorLine } from './run-as.ts'

export interface Server {
  cluster: Cluster
  logFile: string
  settings: Record<string, string>
  /** The URL of the database `postgres`, in which each process of the folder holds the presence lock. */
  maintenanceUrl: string
}

/**
 * Every process that uses the server holds this lock in shared mode. A process that gets it exclusively is the last one
 * and may stop the server.
 */
const PRESENCE_LOCK = 7_166_437
const LEAVING = 'latchkey leaving'

const LONGEST_WAIT_MS = { refused: 10_000, starting: 120_000, stopping: 60_000 }

/**
 * Failures after which starting is tried again: a server was killed, or another process is starting it or has just
 * stopped it.
 */
const TEMPORARY_FAILURES = [
  /lock file .* already exists/,
  /shared memory block .* in use/,
  /lock file "\/tmp\/latchkey-|Unix-domain socket/, // the folder of the socket was removed and created again in between
  /^stopped without an error$/,
]

/**
 * Connects to the server, and starts it if it is not running. While the returned connection is open, no other process
 * stops the server. Another process may start or stop the server at the same moment, so failed attempts are normal
 * here.
 */
export async function enterServer(server: Server): Promise<pg.Client> {
  const startedAt = performance.now()
  let attempt: Attempt | undefined
  for (;;) {
    await prepareSocketFolder(server.cluster) // repeated each time, because the last process that leaves removes it
    const { presence, isStarting } = await tryToEnter(server)
    if (presence) return presence

    const waited = performance.now() - startedAt
    if (attempt?.failure && !isStarting) {
      const { failure } = attempt
      const isTemporary = TEMPORARY_FAILURES.some((pattern) => pattern.test(failure))
      if (!isTemporary || waited > LONGEST_WAIT_MS.refused) throw new Error(describeFailure(server, failure))
      attempt = undefined
      await sleep(200)
    }
    if (waited > LONGEST_WAIT_MS.starting) throw new Error(describeFailure(server, 'it is still starting'))
    if (!isStarting) attempt ??= await launch(server)
    await sleep(20)
  }
}

function describeFailure({ cluster, logFile }: Server, reason: string): string {
  const hint = /lock file .* already exists/.test(reason)
    ? '; if no PostgreSQL uses the folder, remove that file from it'
    : ''
  return `PostgreSQL does not start in ${cluster.folder}: ${reason}${hint} (its log is ${logFile})`
}

async function tryToEnter(server: Server): Promise<{ presence?: pg.Client; isStarting?: boolean }> {
  try {
    const presence = await connect(server, 'latchkey')
    // If the last process is stopping the server, this waits and then fails. A new server is then started.
    await presence.query('SELECT pg_advisory_lock_shared($1)', [PRESENCE_LOCK])
    return { presence }
  } catch (error) {
    if (errorCode(error) === '57P03') return { isStarting: true }
    if (isAway(error)) return {}
    throw new Error(`The embedded PostgreSQL refuses a connection: ${errorLine(String(error))}`)
  }
}

async function connect({ maintenanceUrl }: Server, name: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: maintenanceUrl,
    application_name: name,
    connectionTimeoutMillis: 10_000,
  })
  client.on('error', () => undefined) // a running query fails as well, and the caller listens for errors between queries
  await client.connect()
  return client
}

/**
 * Whether no server is running, or it is starting or stopping. The driver's own errors have a text instead of a code.
 */
function isAway(error: unknown): boolean {
  const name = errorCode(error) ?? String(error)
  return /^(57P|ENOENT|ECONN|EPIPE|Error: (Connection terminated|timeout expired|Client has))/.test(name)
}

function undefinedIfAway(error: unknown): undefined {
  if (!isAway(error)) throw error
}

interface Attempt {
  failure?: string
}

/** Starts the server as a detached process, so that it keeps running if this process is killed. */
async function launch({ cluster, logFile, settings }: Server): Promise<Attempt> {
  const attempt: Attempt = {}
  const log = await open(logFile, 'a', 0o600)
  const alreadyLogged = (await log.stat()).size
  const parameters = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawn(cluster.binaries.postgres, ['-D', cluster.folder, ...parameters], {
    ...cluster.user,
    cwd: '/',
    env: CHILD_ENVIRONMENT,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  })
  child.on('error', (error) => {
    attempt.failure = error.message
  })
  child.on('exit', async (code) => {
    const content = await readFile(logFile).catch(() => Buffer.alloc(0))
    const newPart = content.subarray(alreadyLogged).toString()
    attempt.failure = code === 0 ? 'stopped without an error' : errorLine(newPart)
  })
  child.unref()
  await log.close()
  return attempt
}

/** Leaves the server, and stops it if no other process uses it. */
export async function leaveServer(server: Server, presence: pg.Client): Promise<void> {
  // The shared lock is released before the exclusive one is requested, so that one of two processes that leave at the
  // same time can get it.
  await presence.query('SELECT pg_advisory_unlock_all()').catch(() => undefined)
  await presence.end().catch(() => undefined)

  const client = await connect(server, LEAVING).catch(undefinedIfAway)
  if (!client) return
  if (await isLast(client).catch(undefinedIfAway)) await stopServer(server)
  await client.end().catch(() => undefined)
}

/** If this is true, no other process can enter, because the lock is held until the server closes the connection. */
async function isLast(client: pg.Client): Promise<boolean> {
  const lock = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [PRESENCE_LOCK])
  if (!lock.rows[0]?.mine) return false
  // A closed connection remains visible for a moment. If another client such as psql stays connected, the server keeps
  // running.
  for (let attempt = 0; attempt < 20; attempt++) {
    const others = await client.query(
      `SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> $1`,
      [LEAVING],
    )
    if (others.rowCount === 0) return true
    await sleep(50)
  }
  return false
}

/**
 * Stops the server with a signal. `pg_ctl stop` would not end if another process started the next server in the
 * meantime.
 */
async function stopServer({ cluster }: Server): Promise<void> {
  const pid = await postmasterPid(cluster)
  if (!pid) return
  process.kill(pid, 'SIGINT') // PostgreSQL's "fast shutdown": ends connections, keeps everything that is committed
  const startedAt = performance.now()
  while ((await postmasterPid(cluster)) === pid) {
    if (performance.now() - startedAt > LONGEST_WAIT_MS.stopping)
      throw new Error(`PostgreSQL does not stop in ${cluster.folder}`)
    await sleep(20)
  }
  await rmdir(socketFolderOf(cluster.folder)).catch(() => undefined) // it is not empty if the next server has already started
}

async function postmasterPid({ folder }: Cluster): Promise<number | undefined> {
  const lockFile = await readFile(`${folder}/postmaster.pid`, 'utf8').catch(() => '')
  return Number.parseInt(lockFile, 10) || undefined // its first line
}
