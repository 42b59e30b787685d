import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { serverUser } from '../../src/database/embedded-postgres/run-as.ts'
import { freePort } from './free-port.ts'
import { until } from './until.ts'

export type PoolMode = 'session' | 'transaction' | 'statement'

export interface PgBouncer {
  /** Of the same database as the URL given, through the pooler. */
  readonly url: string
  stop(): Promise<void>
}

/** Whether PgBouncer is installed. Without it, its tests are skipped, which they say. */
export function hasPgBouncer(): boolean {
  try {
    execFileSync('pgbouncer', ['--version'])
    return true
  } catch {
    return false
  }
}

/**
 * Starts a PgBouncer in front of the database that `databaseUrl` leads to. It takes its sessions in turn, so that a client
 * in transaction mode gets another session each time, as on a busy pooler.
 */
export async function startPgBouncer(databaseUrl: string, mode: PoolMode): Promise<PgBouncer> {
  const port = await freePort()
  const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-pgbouncer-'))
  await chmod(folder, 0o755)
  const server = new URL(databaseUrl)
  const host = server.searchParams.get('host') ?? server.hostname
  const settings = `
[databases]
* = host=${host} port=${server.port || 5432} user=${server.username || 'latchkey'}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = 40
min_pool_size = 4
server_round_robin = 1
`
  await writeFile(path.join(folder, 'pgbouncer.ini'), settings)
  const owner = await ownerOf(host)
  const running = spawn('pgbouncer', [path.join(folder, 'pgbouncer.ini')], { stdio: 'ignore', ...owner })
  const url = `postgresql://${server.username || 'latchkey'}@127.0.0.1:${port}${server.pathname}`
  await until(() => accepts(port))
  return { url, stop: () => stop(running, folder) }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** PgBouncer refuses to run as root, and only the user of the server may use its socket. */
async function ownerOf(socketFolder: string): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {}
  if (!socketFolder.startsWith('/')) return serverUser()
  const { uid, gid } = await stat(socketFolder)
  return { uid, gid }
}

async function stop(running: ChildProcess, folder: string): Promise<void> {
  running.kill('SIGKILL')
  if (running.exitCode === null && running.signalCode === null) await once(running, 'exit')
  await rm(folder, { recursive: true, force: true })
}
