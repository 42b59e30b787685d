import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { DATABASE_USER, prepareCluster } from '../../src/database/embedded-postgres/cluster.ts'
import { CHILD_ENVIRONMENT } from '../../src/database/embedded-postgres/run-as.ts'
import { migrate } from '../../src/database/migrate.ts'
import { query } from './embedded-server.ts'
import { freePort } from './free-port.ts'
import { dataFolders, temporaryFolder } from './temporary-folders.ts'
import { until } from './until.ts'

export interface ReplicatedPostgres {
  /** Names both servers, the primary first, and a role with a password. */
  readonly url: string
  /** Ends the primary's connections and stops it. The standby has received everything by then. */
  stopPrimary(): Promise<void>
  /** Makes the standby the primary, as a tool for high availability does. */
  promoteStandby(): Promise<void>
  discard(): Promise<void>
}

const PASSWORD = 'a-password-of-the-test'

const ACCESS = `
host all         service        127.0.0.1/32 scram-sha-256
host all         ${DATABASE_USER}       127.0.0.1/32 trust
host replication ${DATABASE_USER}       127.0.0.1/32 trust
`

/** A migrated primary and a standby that receives its changes by streaming replication. */
export async function replicatedPostgres(): Promise<ReplicatedPostgres> {
  const folder = await temporaryFolder('latchkey-test-replicated-', await dataFolders())
  const cluster = await prepareCluster(path.join(folder, 'primary'), () => undefined)
  await writeFile(path.join(cluster.folder, 'pg_hba.conf'), ACCESS)
  const [primaryPort, standbyPort] = [await freePort(), await freePort()]
  const running = new Set<ChildProcess>()

  async function start(dataFolder: string, port: number, settings: Record<string, string> = {}): Promise<ChildProcess> {
    const all = {
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: '',
      fsync: 'off',
      ...settings,
    }
    const parameters = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const server = spawn(cluster.binaries.postgres, ['-D', dataFolder, ...parameters], {
      ...cluster.user,
      cwd: '/',
      env: CHILD_ENVIRONMENT,
      stdio: 'ignore',
    })
    running.add(server)
    await until(async () => {
      if (server.exitCode !== null) throw new Error(`PostgreSQL did not start in ${dataFolder}`)
      return answers(port)
    })
    return server
  }

  async function stop(server: ChildProcess, signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
    const ended = once(server, 'exit')
    if (running.delete(server) && server.kill(signal)) await ended
  }

  const first = await start(cluster.folder, primaryPort)
  await query(urlOf(`127.0.0.1:${primaryPort}`, 'postgres'), 'CREATE DATABASE latchkey')
  await query(
    urlOf(`127.0.0.1:${primaryPort}`, 'postgres'),
    `CREATE ROLE service SUPERUSER LOGIN PASSWORD '${PASSWORD}'`,
  )
  await migrate(urlOf(`127.0.0.1:${primaryPort}`))
  await stop(first, 'SIGINT')
  const standbyFolder = path.join(folder, 'standby')
  execFileSync('cp', ['-a', cluster.folder, standbyFolder])
  const signalFile = path.join(standbyFolder, 'standby.signal')
  await writeFile(signalFile, '')
  await chown(signalFile, cluster.user.uid, cluster.user.gid)
  const primary = await start(cluster.folder, primaryPort)
  await start(standbyFolder, standbyPort, {
    primary_conninfo: `host=127.0.0.1 port=${primaryPort} user=${DATABASE_USER}`,
  })
  const standbyUrl = urlOf(`127.0.0.1:${standbyPort}`)
  await until(async () => (await query(standbyUrl, 'SELECT FROM pg_stat_wal_receiver')).length === 1)

  const hosts = `127.0.0.1:${primaryPort},127.0.0.1:${standbyPort}`
  return {
    url: `${urlOf(hosts, 'latchkey', `service:${PASSWORD}`)}&target_session_attrs=read-write`,
    stopPrimary: () => stop(primary, 'SIGINT'),
    async promoteStandby() {
      await query(standbyUrl, 'SELECT pg_promote()')
    },
    async discard() {
      for (const server of running) await stop(server, 'SIGQUIT')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function urlOf(hosts: string, database = 'latchkey', role: string = DATABASE_USER): string {
  return `postgresql://${role}@${hosts}/${database}?sslmode=disable`
}

function answers(port: number): Promise<boolean> {
  return query(urlOf(`127.0.0.1:${port}`, 'postgres'), 'SELECT 1').then(
    () => true,
    () => false,
  )
}
