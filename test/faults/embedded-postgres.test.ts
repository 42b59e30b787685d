import { mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../src/database/embedded-postgres.ts'
import { killAtOnce, postmasterPid, query, temporaryDataDir } from '../support/embedded-server.ts'
import { install, startProgram } from '../support/installation.ts'
import { temporaryFolder } from '../support/temporary-folders.ts'

let installation: string
let dataDir: string
let discard: () => Promise<void>

beforeAll(async () => {
  installation = await temporaryFolder('latchkey-test-installation-')
  await install(installation)
})

afterAll(() => rm(installation, { recursive: true, force: true }))

beforeEach(async () => {
  const created = await temporaryDataDir()
  dataDir = created.dataDir
  discard = created.discard
})

afterEach(() => discard())

function socketFolder(url: string): string {
  return new URL(url).searchParams.get('host') ?? ''
}

test('a fresh start serves a durable UTF-8 database on a closed socket, and nothing on the network', async () => {
  const server = await startEmbeddedPostgres({ dataDir })

  const settings = await query(
    server.url,
    `SELECT current_database() AS database, current_setting('listen_addresses') AS network,
       current_setting('fsync') AS fsync, current_setting('server_encoding') AS encoding,
       (SELECT datcollate FROM pg_database WHERE datname = current_database()) AS locale`,
  )
  expect(settings).toEqual([{ database: 'latchkey', network: '', fsync: 'on', encoding: 'UTF8', locale: 'C' }])
  expect((await stat(socketFolder(server.url))).mode & 0o777).toBe(0o700)
  await server.stop()
})

test('data survives a restart', async () => {
  const first = await startEmbeddedPostgres({ dataDir })
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  await first.stop()
  expect(await postmasterPid(dataDir)).toBeUndefined()

  const second = await startEmbeddedPostgres({ dataDir })

  expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  await second.stop()
})

test('the server of a killed service goes on, is joined by the next, and stopped by it', async () => {
  const killed = startProgram({ installation, dataDir })
  await query(await killed.answer, 'CREATE TABLE kept AS SELECT 42 AS answer')
  const pid = await postmasterPid(dataDir)
  await killAtOnce(killed.process.pid)

  const next = await startEmbeddedPostgres({ dataDir })

  expect(await postmasterPid(dataDir)).toBe(pid)
  expect(await query(next.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  await next.stop()
  expect(await postmasterPid(dataDir)).toBeUndefined()
})

test('a server that was killed leaves a stale lock, and comes back with what was committed', async () => {
  const service = startProgram({ installation, dataDir })
  await query(await service.answer, 'CREATE TABLE kept AS SELECT 42 AS answer')
  const pid = await postmasterPid(dataDir)
  await killAtOnce(pid)

  const next = await startEmbeddedPostgres({ dataDir })

  expect(await postmasterPid(dataDir)).not.toBe(pid)
  expect(await query(next.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  expect(await service.stop()).toBe(0)
  await next.stop()
})

test('of three that start at once on an empty folder one makes the database, and all use it', async () => {
  const others = [startProgram({ installation, dataDir }), startProgram({ installation, dataDir })]
  const here = await startEmbeddedPostgres({ dataDir })

  expect(await Promise.all(others.map(({ answer }) => answer))).toEqual([here.url, here.url])
  expect(await query(here.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  expect((await readdir(dataDir)).sort()).toEqual(['postgres', 'postgres.log'])
  await Promise.all([here, ...others].map((each) => each.stop()))
  expect(await postmasterPid(dataDir)).toBeUndefined()
})

test('a service killed while it makes the database leaves no half of one', async () => {
  const killed = startProgram({ installation, dataDir })
  while (!(await readdir(dataDir).catch(() => [])).some((name) => name.includes('.partial-'))) await sleep(5)
  await killAtOnce(killed.process.pid)
  await expect(killed.answer).rejects.toThrow('without an answer')

  const next = await startEmbeddedPostgres({ dataDir })

  expect(await query(next.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  await next.stop()
})

test('the last one out stops the server, and nobody before', async () => {
  const first = startProgram({ installation, dataDir })
  await first.answer
  const second = await startEmbeddedPostgres({ dataDir })

  expect(await first.stop()).toBe(0)
  expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])

  await second.stop()
  expect(await postmasterPid(dataDir)).toBeUndefined()
  await expect(stat(socketFolder(second.url))).rejects.toThrow('ENOENT')
})

test('a connection from outside, psql say, keeps the server too', async () => {
  const server = await startEmbeddedPostgres({ dataDir })
  const psql = new pg.Client({ connectionString: server.url })
  await psql.connect()

  await server.stop()

  expect((await psql.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  await psql.end()
})

test('whoever comes while the last one leaves gets a server that stays', async () => {
  let leaving = await startEmbeddedPostgres({ dataDir })
  for (let round = 0; round < 8; round++) {
    const [, coming] = await Promise.all([
      leaving.stop(),
      sleep(round * 10).then(() => startEmbeddedPostgres({ dataDir })),
    ])
    expect(await query(coming.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    leaving = coming
  }
  await leaving.stop()
  expect(await postmasterPid(dataDir)).toBeUndefined()
})

test('PG* variables of the shell change nothing', async () => {
  const env = {
    PGPORT: '1',
    PGHOST: '/nowhere',
    PGDATA: '/nowhere',
    PGSSLMODE: 'require',
    PGUSER: 'x',
    PGDATABASE: 'x',
  }

  const program = startProgram({ installation, dataDir, env })

  expect(await program.answer).toMatch(/^postgresql:/)
  expect(await program.stop()).toBe(0)
})

test('a socket folder that is a link somebody else laid is refused in one line', async () => {
  const server = await startEmbeddedPostgres({ dataDir })
  await server.stop()
  const folder = socketFolder(server.url)
  await symlink('/var', folder)
  try {
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(
      /^\/tmp\/latchkey-\w+ belongs to another user[^\n]*$/,
    )
  } finally {
    await rm(folder)
  }
})

test.each([
  ['data of another PostgreSQL', 'PG_VERSION', '17\n', /holds data of PostgreSQL 17, which PostgreSQL 18 cannot read/],
  [
    'something else',
    'notes.txt',
    'mine',
    /does not contain PostgreSQL data: restore it, or remove it to start with an empty database$/,
  ],
])('%s in its place is refused in one line and left alone', async (_, name, content, line) => {
  await mkdir(path.join(dataDir, 'postgres'), { recursive: true })
  await writeFile(path.join(dataDir, 'postgres', name), content)

  await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(line)

  expect(await readdir(path.join(dataDir, 'postgres'))).toEqual([name])
})

test('a start that fails says why in one line, in the words of the log', async () => {
  const settings = { shared_buffers: '4TB' }

  const start = startEmbeddedPostgres({ dataDir, settings })

  await expect(start).rejects.toThrow(
    /^PostgreSQL does not start in \S+: FATAL: {2}could not map .*memory.*postgres\.log\)$/,
  )
})
