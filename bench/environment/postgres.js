// A PostgreSQL server for one run of the benchmark, with the binaries that npm brings, durable as in production.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { findBinaries } from '../../dist/database/embedded-postgres/binaries.js'
import { CHILD_ENVIRONMENT, runAs, serverUser } from '../../dist/database/embedded-postgres/run-as.js'
import { freePort } from './free-port.js'

/** Everything else is PostgreSQL's default, so each commit waits for the disk. */
export const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '1GB',
  max_wal_size: '4GB', // otherwise a checkpoint falls into some measurements and not into others
  max_connections: '200',
  log_min_messages: 'panic',
}

export async function startPostgres() {
  const user = await serverUser()
  const { initdb, postgres } = await findBinaries(user, () => undefined)
  const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-bench-postgres-'))
  await chmod(folder, 0o711)
  const password = randomBytes(16).toString('hex')
  const passwordFile = path.join(folder, 'password')
  await writeFile(passwordFile, password, { mode: 0o600 })
  const data = path.join(folder, 'data')
  await mkdir(data)
  for (const place of [passwordFile, data]) await chown(place, user.uid, user.gid)
  const access = ['--auth=scram-sha-256', '--pwfile', passwordFile]
  const created = await runAs(user, initdb, ['-D', data, '-U', 'latchkey', '-E', 'UTF8', '--locale=C', ...access])
  if (!created.ok) throw new Error(created.output)
  const port = await freePort()
  const parameters = Object.entries({ ...SETTINGS, port }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(postgres, ['-D', data, ...parameters], {
    ...user,
    cwd: '/',
    env: CHILD_ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const kill = () => {
    server.kill('SIGQUIT')
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }) // which may be several gigabytes
  }
  process.once('exit', kill)
  const urlOf = (database) => `postgresql://latchkey:${password}@127.0.0.1:${port}/${database}?sslmode=disable`
  const admin = await connectWhenReady(urlOf('postgres'), server)
  const { rows } = await admin.query('SHOW server_version')
  return {
    pid: server.pid,
    version: rows[0].server_version,
    urlOf,
    /** Creates a database, empty or as a copy, and returns its URL. */
    async createDatabase(name, template = 'template1') {
      await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`)
      return urlOf(name)
    },
    async dropDatabase(name) {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
    },
    /** Writes what is in memory to the disk, so that it is not written during a measurement. */
    async checkpoint() {
      await admin.query('CHECKPOINT')
    },
    async stop() {
      await admin.end()
      server.kill('SIGINT')
      if (server.exitCode === null) await once(server, 'exit')
      process.off('exit', kill)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function connectWhenReady(url, server) {
  for (;;) {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return client
    } catch (error) {
      if (server.exitCode !== null) throw new Error('PostgreSQL did not start', { cause: error })
      await wait(50)
    }
  }
}
