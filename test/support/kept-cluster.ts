import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstat, mkdtemp, readdir, readFile, rename, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

/**
 * A PostgreSQL data folder that contains the migrated template, kept from one test run to the next. Copying it takes a
 * tenth of a second, and making it takes seconds. Its name has a hash of everything that it is made from. It is renamed
 * into place when it is complete, and no server is ever started in it. Parallel runs may therefore share it, and a run may
 * be killed at any time.
 */
const PREFIX = 'latchkey-test-cluster-'

/** The name of the migrated database in it, which is empty otherwise. */
export const TEMPLATE = 'latchkey_template'

const ROOT = path.join(import.meta.dirname, '../..')
const UNUSED_AFTER_MS = 7 * 24 * 60 * 60 * 1000

const run = promisify(execFile)

/** Puts a copy of the kept cluster into this data folder, and answers whether there was one. */
export async function copyKeptCluster(dataDir: string): Promise<boolean> {
  const kept = await keptFolder()
  if (!(await isOurs(kept))) return false
  try {
    await copy(path.join(kept, 'postgres'), path.join(dataDir, 'postgres'))
    await utimes(kept, new Date(), new Date())
    return true
  } catch {
    await rm(path.join(dataDir, 'postgres'), { recursive: true, force: true }) // it was removed in the meantime
    return false
  }
}

/** Keeps a copy of the cluster of this data folder, whose server has stopped. If that fails, the run goes on without it. */
export async function keepCluster(dataDir: string): Promise<void> {
  const cluster = path.join(dataDir, 'postgres')
  if ((await lstat(cluster)).isSymbolicLink()) return // as root it may be in another place, see embedded-postgres/cluster.ts
  const partial = await mkdtemp(path.join(tmpdir(), `${PREFIX}partial-`))
  try {
    await copy(cluster, path.join(partial, 'postgres'))
    await rename(partial, await keptFolder()) // fails where another run was faster
  } catch {
    await rm(partial, { recursive: true, force: true })
  }
  await sweepUnusedClusters()
}

/** Copies with owners and modes, because PostgreSQL checks them. */
async function copy(from: string, to: string): Promise<void> {
  await run('cp', ['-Rp', from, to])
}

async function keptFolder(): Promise<string> {
  const inputs = createHash('sha256').update(`${process.getuid?.()} ${process.platform} ${process.arch}`)
  for (const name of await inputFiles()) inputs.update(name).update(await readFile(path.join(ROOT, name)))
  return path.join(tmpdir(), PREFIX + inputs.digest('hex').slice(0, 24))
}

/** The migrations, what runs them and PostgreSQL, and the versions of the packages that bring tables of their own. */
async function inputFiles(): Promise<string[]> {
  const folders = ['prisma/migrations', 'src/database']
  const names = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(path.join(ROOT, folder), { recursive: true })).map((name) => path.join(folder, name)),
    ),
  )
  const isInput = (name: string) => /\.(sql|ts)$/.test(name) && !/generated/.test(name)
  return ['package-lock.json', ...names.flat().filter(isInput)].sort()
}

/** All users can write to the folder for temporary files, and a cluster that another user put there could run their code. */
async function isOurs(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined)
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o022) === 0
}

async function sweepUnusedClusters(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const folder = path.join(tmpdir(), name)
    if (!name.startsWith(PREFIX) || !(await isOurs(folder))) continue
    const found = await lstat(folder).catch(() => undefined)
    const isUnused = found !== undefined && Date.now() - found.mtimeMs > UNUSED_AFTER_MS
    if (isUnused) await rm(folder, { recursive: true, force: true }).catch(() => undefined)
  }
}
