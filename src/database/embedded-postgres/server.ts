import { spawn } from 'node:child_process'
import { open, readFile, rmdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type Cluster, prepareSocketFolder, socketFolderOf } from './cluster.ts'
import { CHILD_ENVIRONMENT, errorCode, tellingLine } from './run-as.ts'

export interface Server {
  cluster: Cluster
  logFile: string
  settings: Record<string, string>
  /** Of the database `postgres`, where the processes of one folder tell each other that they are there. */
  maintenanceUrl: string
}

/** Every process that uses the server shares this lock; who can have it alone is the last one, and may stop it. */
const PRESENCE_LOCK = 7_166_437
const LEAVING = 'latchkey leaving'

const PATIENCE_MS = { refused: 10_000, starting: 120_000, stopping: 60_000 }

/** Signs of a server that was killed, or that another process starts or has just stopped: worth another try. */
const PASSING = [
  /lock file .* already exists/,
  /shared memory block .* in use/,
  /lock file "\/tmp\/latchkey-|Unix-domain socket/, // the socket's folder was removed and made again in between
  /^stopped in good order$/,
]

/**
 * Joins the server, starting it if it is not running. The connection returned is this process's mark of presence.
 * Losing a race is normal here: another process may start the server, or stop it, at the same moment.
 */
export async function enterServer(server: Server): Promise<pg.Client> {
  const began = performance.now()
  let attempt: Attempt | undefined
  for (;;) {
    await prepareSocketFolder(server.cluster) // again each time: the last one out removes it
    const { presence, isStarting } = await tryToEnter(server)
    if (presence) return presence

    const waited = performance.now() - began
    if (attempt?.failure && !isStarting) {
      const { failure } = attempt
      const mayPass = PASSING.some((sign) => sign.test(failure))
      if (!mayPass || waited > PATIENCE_MS.refused) throw new Error(complaint(server, failure))
      attempt = undefined
      await sleep(200)
    }
    if (waited > PATIENCE_MS.starting) throw new Error(complaint(server, 'it is still starting'))
    if (!isStarting) attempt ??= await launch(server)
    await sleep(20)
  }
}

function complaint({ cluster, logFile }: Server, reason: string): string {
  const hint = /lock file .* already exists/.test(reason)
    ? '; if no PostgreSQL uses the folder, remove that file from it'
    : ''
  return `PostgreSQL does not start in ${cluster.folder}: ${reason}${hint} (its log is ${logFile})`
}

async function tryToEnter(server: Server): Promise<{ presence?: pg.Client; isStarting?: boolean }> {
  try {
    const presence = await connect(server, 'latchkey')
    // Waits while the last one out is stopping the server, and then fails, and a new server is started.
    await presence.query('SELECT pg_advisory_lock_shared($1)', [PRESENCE_LOCK])
    return { presence }
  } catch (error) {
    if (errorCode(error) === '57P03') return { isStarting: true }
    if (isAway(error)) return {}
    throw new Error(`The embedded PostgreSQL refuses a connection: ${tellingLine(String(error))}`)
  }
}

async function connect({ maintenanceUrl }: Server, name: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: maintenanceUrl,
    application_name: name,
    connectionTimeoutMillis: 10_000,
  })
  client.on('error', () => undefined) // the query in hand fails too; between queries it is the caller's to listen
  await client.connect()
  return client
}

/** No server there, or one that is coming or going. The driver's own errors have words instead of a code. */
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

/** Starts the server as a process of its own, which outlives this one: a killed service must not take it along. */
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
    const itsPart = content.subarray(alreadyLogged).toString()
    attempt.failure = code === 0 ? 'stopped in good order' : tellingLine(itsPart)
  })
  child.unref()
  await log.close()
  return attempt
}

/** Leaves the server and, where nobody else is left, stops it. */
export async function leaveServer(server: Server, presence: pg.Client): Promise<void> {
  // Given up before the lock is asked for alone: if two leave at once, one of them must still get it.
  await presence.query('SELECT pg_advisory_unlock_all()').catch(() => undefined)
  await presence.end().catch(() => undefined)

  const client = await connect(server, LEAVING).catch(undefinedIfAway)
  if (!client) return
  if (await isLast(client).catch(undefinedIfAway)) await stopServer(server)
  await client.end().catch(() => undefined)
}

/** Nobody can enter once this is true: the lock is held until the server has closed the connection that holds it. */
async function isLast(client: pg.Client): Promise<boolean> {
  const lock = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [PRESENCE_LOCK])
  if (!lock.rows[0]?.mine) return false
  // A connection just closed lingers for a moment; psql, say, may stay, and then so does the server.
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

/** Not by `pg_ctl stop`, which would wait in vain if a newcomer has started the next server by the time it looks. */
async function stopServer({ cluster }: Server): Promise<void> {
  const pid = await postmasterPid(cluster)
  if (!pid) return
  process.kill(pid, 'SIGINT') // PostgreSQL's "fast shutdown": ends connections, keeps everything that is committed
  const began = performance.now()
  while ((await postmasterPid(cluster)) === pid) {
    if (performance.now() - began > PATIENCE_MS.stopping)
      throw new Error(`PostgreSQL does not stop in ${cluster.folder}`)
    await sleep(20)
  }
  await rmdir(socketFolderOf(cluster.folder)).catch(() => undefined) // not empty: the next server is there already
}

async function postmasterPid({ folder }: Cluster): Promise<number | undefined> {
  const lockFile = await readFile(`${folder}/postmaster.pid`, 'utf8').catch(() => '')
  return Number.parseInt(lockFile, 10) || undefined // its first line
}
