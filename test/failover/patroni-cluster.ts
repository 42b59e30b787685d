import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { CHILD_ENVIRONMENT, serverUser } from '../../src/database/embedded-postgres/run-as.ts'
import { certify } from '../support/certificates.ts'
import { freePort } from '../support/free-port.ts'
import { temporaryFolder } from '../support/temporary-folders.ts'
import { until } from '../support/until.ts'
import { killPostgres } from './kill-postgres.ts'
import { newestPostgres } from './patroni-programs.ts'
import { patroniSettings } from './patroni-settings.ts'

/** One member of the cluster: a Patroni and the PostgreSQL that it runs. */
export interface Node {
  readonly name: string
  /** Each node has an address of its own, which its certificate names. */
  readonly host: string
  readonly port: number
  readonly restPort: number
}

export interface PatroniCluster {
  /** Of the service: both nodes, the role of the service, and TLS that verifies each node's certificate and address. */
  readonly url: string
  /** What a statement returns on the node that is the primary now. It waits until there is one. */
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>
  primary(): Promise<Node>
  /** Whether Patroni counts on one node as the primary and on the other as its synchronous standby. */
  hasPrimaryAndSynchronousStandby(): Promise<boolean>
  /** SIGKILL for Patroni and each process of its PostgreSQL, as when the machine loses its power. */
  kill(node: Node): Promise<void>
  start(node: Node): void
  /** Hands the role of the primary to the standby, as before the maintenance of a machine. */
  switchOver(from: Node): Promise<void>
  discard(): Promise<void>
}

/** Shorter than the limit of the hook that starts the cluster, so that its processes are ended if it does not start. */
const LONGEST_START_MS = 90_000
const PASSWORD = 'a-password-of-the-test'
/** Debian's Patroni is a Python program, whose output fails without UTF-8. */
const ENVIRONMENT = { ...CHILD_ENVIRONMENT, LC_ALL: 'C.UTF-8' }

/** An etcd and two nodes, one of them the synchronous standby of the other, with an empty database for the service. */
export async function startPatroniCluster(): Promise<PatroniCluster> {
  const user = await serverUser()
  const folder = await temporaryFolder('latchkey-test-patroni-')
  await chown(folder, user.uid, user.gid)
  const binaries = await newestPostgres()
  if (binaries === undefined) throw new Error('PostgreSQL is not installed')
  const file = (name: string) => path.join(folder, name)
  const running = new Map<string, ChildProcess>()
  const log: string[] = []

  function run(name: string, program: string, args: string[]): void {
    const child = spawn(program, args, { ...user, cwd: '/', env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => log.push(`${name}: ${data}`))
    running.set(name, child)
  }

  const [etcdPort, peerPort] = [await freePort(), await freePort()]
  const etcdUrl = `http://127.0.0.1:${etcdPort}`
  const urls = ['--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl]
  const peers = ['--listen-peer-urls', `http://127.0.0.1:${peerPort}`, '--initial-advertise-peer-urls']
  const itself = [`http://127.0.0.1:${peerPort}`, '--initial-cluster', `default=http://127.0.0.1:${peerPort}`]

  certify(file('ca'), '/CN=Test CA')
  const nodes: Node[] = []
  for (const [name, host] of [
    ['one', '127.0.0.1'],
    ['two', '127.0.0.2'],
  ] as const) {
    const node = { name, host, port: await freePort(), restPort: await freePort() }
    certify(file(name), `/CN=${name}`, { ca: file('ca'), name: `IP:${host}` })
    await chown(file(`${name}.key`), user.uid, user.gid)
    await mkdir(file(`${name}.socket`))
    await chown(file(`${name}.socket`), user.uid, user.gid)
    const settings = patroniSettings({ node, folder, binaries, password: PASSWORD, etcd: `127.0.0.1:${etcdPort}` })
    await writeFile(file(`${name}.yml`), JSON.stringify(settings)) // JSON is YAML
    nodes.push(node)
  }
  const start = (node: Node) => run(node.name, 'patroni', [file(`${node.name}.yml`)])

  function urlOf(hosts: readonly Node[], role: string, database: string): string {
    const where = hosts.map(({ host, port }) => `${host}:${port}`).join(',')
    const tls = `sslmode=verify-full&sslrootcert=${encodeURIComponent(file('ca.crt'))}`
    return `postgresql://${role}:${PASSWORD}@${where}/${database}?${tls}`
  }

  async function queryOn(node: Node, sql: string, values: unknown[] = [], database = 'latchkey') {
    const client = new pg.Client({
      connectionString: urlOf([node], 'postgres', database),
      connectionTimeoutMillis: 2_000,
      query_timeout: 30_000,
    })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return (await client.query(sql, values)).rows as Record<string, unknown>[]
    } finally {
      await client.end().catch(() => undefined)
    }
  }

  async function findPrimary(): Promise<Node | undefined> {
    for (const node of nodes) {
      const [row] = await queryOn(node, 'SELECT pg_is_in_recovery() AS standby', [], 'postgres').catch(() => [])
      if (row?.['standby'] === false) return node
    }
    return undefined
  }

  async function primary(): Promise<Node> {
    let found: Node | undefined
    await until(async () => {
      found = await findPrimary()
      return found !== undefined
    })
    return found as Node
  }

  async function hasPrimaryAndSynchronousStandby(): Promise<boolean> {
    for (const { host, restPort } of nodes) {
      const answer = await fetch(`http://${host}:${restPort}/cluster`).catch(() => undefined)
      const cluster = answer && ((await answer.json()) as { members: Array<{ role: string; state: string }> })
      const states = cluster?.members.map(({ role, state }) => `${role} ${state}`).sort()
      if (/^leader running,sync_standby (running|streaming)$/.test(states?.join() ?? '')) return true
    }
    return false
  }

  const cluster: PatroniCluster = {
    url: `${urlOf(nodes, 'latchkey', 'latchkey')}&target_session_attrs=read-write`,
    primary,
    hasPrimaryAndSynchronousStandby,
    start,
    async query(sql, values) {
      for (;;) {
        try {
          return await queryOn(await primary(), sql, values)
        } catch (error) {
          if (error instanceof pg.DatabaseError && !error.code?.startsWith('57P')) throw error // not the end of a server
        }
      }
    },
    async kill(node) {
      const patroni = running.get(node.name)
      patroni?.kill('SIGKILL') // first, because it would start PostgreSQL again
      await killPostgres(file(node.name))
      if (patroni && patroni.exitCode === null && patroni.signalCode === null) await once(patroni, 'exit')
    },
    async switchOver(from) {
      const to = nodes.find((node) => node !== from)?.name ?? ''
      const args = ['switchover', 'latchkey', '--leader', from.name, '--candidate', to, '--force']
      await promisify(execFile)('patronictl', ['-c', file(`${from.name}.yml`), ...args], { env: ENVIRONMENT })
    },
    async discard() {
      for (const node of nodes) await cluster.kill(node)
      running.get('etcd')?.kill('SIGKILL')
      if (process.env.PATRONI_LOG) await writeFile(process.env.PATRONI_LOG, log.join(''))
      await rm(folder, { recursive: true, force: true })
    },
  }

  const deadline = Date.now() + LONGEST_START_MS
  run('etcd', 'etcd', ['--data-dir', file('etcd'), ...urls, ...peers, ...itself, '--unsafe-no-fsync'])
  for (const node of nodes) start(node)
  try {
    await until(async () => {
      if (Date.now() > deadline) throw new Error(`the cluster did not start: ${log.slice(-40).join('')}`)
      return hasPrimaryAndSynchronousStandby()
    })
    await queryOn(await primary(), `CREATE ROLE latchkey LOGIN PASSWORD '${PASSWORD}'`, [], 'postgres')
    await queryOn(await primary(), 'CREATE DATABASE latchkey OWNER latchkey', [], 'postgres')
  } catch (error) {
    await cluster.discard()
    throw error
  }
  return cluster
}
