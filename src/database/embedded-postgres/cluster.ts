import { createHash, randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import {
  chmod,
  chown,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  symlink,
} from 'node:fs/promises'
import path from 'node:path'
import { type Binaries, findBinaries, makeSharedFolder, SHARED_FOLDER } from './binaries.ts'
import { errorCode, runAs, type ServerUser, serverUser, tellingLine } from './run-as.ts'

/** PostgreSQL's word for the folder of one server's data. */
export interface Cluster {
  /** Its real path: what one server is told from another by. */
  folder: string
  /** Its owner, and whom its server runs as. */
  user: ServerUser
  binaries: Binaries
}

interface ExistingCluster {
  folder: string
  user: ServerUser
  majorVersion: string
}

export const DATABASE_USER = 'latchkey'

/** The cluster of this data folder, created if there is none. */
export async function prepareCluster(dataDir: string, log: (line: string) => void): Promise<Cluster> {
  await mkdir(dataDir, { recursive: true }) // as open as umask allows: PostgreSQL's own user has to pass through it
  const place = path.join(await realpath(dataDir), 'postgres')
  const found = await existingCluster(place)
  const user = found?.user ?? (await serverUser())
  const binaries = await findBinaries(user, log)
  const { folder, majorVersion } = found ?? (await createCluster(place, user, binaries, log))
  if (majorVersion !== binaries.majorVersion) {
    throw new Error(
      `${place} holds data of PostgreSQL ${majorVersion}, which PostgreSQL ${binaries.majorVersion} cannot read: ` +
        'move it with pg_dump, or set DATABASE_URL',
    )
  }
  return { folder, user, binaries }
}

async function existingCluster(place: string): Promise<ExistingCluster | undefined> {
  try {
    if (!(await lstat(place).catch(() => undefined))) return undefined
    const folder = await realpath(place)
    const { uid, gid } = await stat(folder)
    const majorVersion = (await readFile(path.join(folder, 'PG_VERSION'), 'utf8')).trim()
    // Root becomes the owner, whoever that is, so that it may start what a plain user made.
    const user = process.getuid?.() === 0 && uid !== 0 ? { uid, gid } : await serverUser()
    return { folder, user, majorVersion }
  } catch (error) {
    if (errorCode(error) === 'EACCES') throw new Error(`${place} belongs to another user: start Latchkey as that user`)
    if (errorCode(error) !== 'ENOENT') throw error
    if ((await readdir(place).catch(() => ['a broken link'])).length === 0) return undefined
    throw new Error(`${place} is no PostgreSQL data: bring it back, or remove it to start afresh`)
  }
}

/**
 * Initialised under another name and put in place in one step: being killed half-way leaves no half cluster, and of
 * two starters the slower one finds the place taken and uses what is there.
 */
async function createCluster(place: string, user: ServerUser, binaries: Binaries, log: (line: string) => void) {
  const isReachable = await mayPass(path.dirname(place), user)
  const partial = isReachable ? `${place}.partial-${randomName()}` : await shelteredFolder()
  log(
    `Creating a PostgreSQL database in ${place}${isReachable ? '' : ` -> ${partial}, where its own user can reach it`}`,
  )
  try {
    await mkdir(partial, { mode: 0o700 })
    await chown(partial, user.uid, user.gid)
    await initialise(partial, user, binaries)
    await rmdir(place).catch(() => undefined) // an empty folder there would stop a link
    await (isReachable ? rename(partial, place) : symlink(partial, place))
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    if (!['ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '')) throw error
  }
  const created = await existingCluster(place)
  if (!created) throw new Error(`${place} vanished while the database was created`)
  return created
}

async function initialise(folder: string, user: ServerUser, binaries: Binaries): Promise<void> {
  const { ok, output } = await runAs(user, binaries.initdb, [
    '-D',
    folder,
    '-U',
    DATABASE_USER,
    '-E',
    'UTF8',
    '--locale=C',
    '--no-instructions',
    // No password: the only way in is a socket in a folder closed to everybody else.
    '--auth-local=trust',
    '--auth-host=reject',
  ])
  if (!ok) throw new Error(`PostgreSQL could not create a database in ${folder}: ${tellingLine(output)}`)
}

/** Asked of the kernel, as that user: access lists and mounts count as much as the mode does. */
async function mayPass(folder: string, user: ServerUser): Promise<boolean> {
  return (await runAs(user, '/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder])).ok
}

async function shelteredFolder(): Promise<string> {
  await makeSharedFolder()
  const clusters = path.join(SHARED_FOLDER, 'clusters')
  await mkdir(clusters, { recursive: true })
  await chmod(clusters, 0o711)
  return path.join(clusters, randomName())
}

function randomName(): string {
  return randomBytes(6).toString('hex')
}

/**
 * The folder of the server's socket: under /tmp because a socket's path is limited to 107 bytes, named after the
 * cluster so that every process of the folder finds it.
 */
export function socketFolderOf(clusterFolder: string): string {
  return `/tmp/latchkey-${createHash('sha256').update(clusterFolder).digest('hex').slice(0, 16)}`
}

/** Makes that folder and closes it. /tmp is open to all, so somebody may have been there first. */
export async function prepareSocketFolder(cluster: Cluster): Promise<void> {
  const folder = socketFolderOf(cluster.folder)
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (errorCode(error) !== 'EEXIST') throw error
  })
  // Through a handle, which cannot be swapped for a link between the look and the change.
  const handle = await open(folder, constants.O_DIRECTORY | constants.O_NOFOLLOW).catch(errorCode)
  if (handle === 'ENOENT') return prepareSocketFolder(cluster) // removed in between by the last one out
  const refusal = new Error(`${folder} belongs to somebody else and may be a trap: have it removed, then start again`)
  if (typeof handle !== 'object') throw refusal
  try {
    const { uid } = await handle.stat()
    if (uid !== cluster.user.uid && uid !== process.getuid?.()) throw refusal
    await handle.chmod(0o700)
    await handle.chown(cluster.user.uid, cluster.user.gid)
  } finally {
    await handle.close()
  }
}
