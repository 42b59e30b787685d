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
import { errorCode, errorLine, runAs, type ServerUser, serverUser } from './run-as.ts'

/** The data folder of one PostgreSQL server, which PostgreSQL calls a cluster. */
export interface Cluster {
  /** The real path, which identifies the server. */
  folder: string
  /** The owner of the folder. The server runs as this user. */
  user: ServerUser
  binaries: Binaries
}

interface ExistingCluster {
  folder: string
  user: ServerUser
  majorVersion: string
}

export const DATABASE_USER = 'latchkey'

/** Finds the cluster of this data folder, or creates it. */
export async function prepareCluster(dataDir: string, log: (line: string) => void): Promise<Cluster> {
  await mkdir(dataDir, { recursive: true }) // with the default mode, because PostgreSQL's own user has to enter it
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
    // Root runs the server as the owner of the folder, so that it can start a cluster that another user created.
    const user = process.getuid?.() === 0 && uid !== 0 ? { uid, gid } : await serverUser()
    return { folder, user, majorVersion }
  } catch (error) {
    if (errorCode(error) === 'EACCES') throw new Error(`${place} belongs to another user: start Latchkey as that user`)
    if (errorCode(error) !== 'ENOENT') throw error
    if ((await readdir(place).catch(() => ['a broken link'])).length === 0) return undefined
    throw new Error(
      `${place} does not contain PostgreSQL data: restore it, or remove it to start with an empty database`,
    )
  }
}

/**
 * Creates the cluster under another name and then moves it to its place in one step. A killed process therefore leaves
 * no incomplete cluster. Of two concurrent processes, the slower one finds the place taken and uses the cluster of the
 * other.
 */
async function createCluster(place: string, user: ServerUser, binaries: Binaries, log: (line: string) => void) {
  const isReachable = await canEnter(path.dirname(place), user)
  const partial = isReachable ? `${place}.partial-${randomName()}` : await newClusterFolder()
  log(
    `Creating a PostgreSQL database in ${place}${isReachable ? '' : ` -> ${partial}, where its own user can reach it`}`,
  )
  try {
    await mkdir(partial, { mode: 0o700 })
    await chown(partial, user.uid, user.gid)
    await initialise(partial, user, binaries)
    await rmdir(place).catch(() => undefined) // an empty folder would prevent the link
    await (isReachable ? rename(partial, place) : symlink(partial, place))
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    if (!['ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '')) throw error
  }
  const created = await existingCluster(place)
  if (!created) throw new Error(`${place} was removed while the database was created`)
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
    // There is no password, because the only access is a socket in a folder that other users cannot enter.
    '--auth-local=trust',
    '--auth-host=reject',
  ])
  if (!ok) throw new Error(`PostgreSQL could not create a database in ${folder}: ${errorLine(output)}`)
}

/** Checks by running a command as that user, because access lists and mounts matter as well as the mode. */
async function canEnter(folder: string, user: ServerUser): Promise<boolean> {
  return (await runAs(user, '/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder])).ok
}

async function newClusterFolder(): Promise<string> {
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
 * The folder of the server's socket. It is under /tmp because the path of a socket is limited to 107 bytes. It is named
 * after the cluster so that every process that uses the cluster finds it.
 */
export function socketFolderOf(clusterFolder: string): string {
  return `/tmp/latchkey-${createHash('sha256').update(clusterFolder).digest('hex').slice(0, 16)}`
}

/**
 * Creates the folder of the socket, closed to other users. Any user can write to /tmp, so the folder may exist and
 * belong to an attacker.
 */
export async function prepareSocketFolder(cluster: Cluster): Promise<void> {
  const folder = socketFolderOf(cluster.folder)
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (errorCode(error) !== 'EEXIST') throw error
  })
  // A handle is used because the path could be replaced with a link between the check and the change.
  const handle = await open(folder, constants.O_DIRECTORY | constants.O_NOFOLLOW).catch(errorCode)
  if (handle === 'ENOENT') return prepareSocketFolder(cluster) // removed in between by the last process that used the server
  const refusal = new Error(
    `${folder} belongs to another user, who could read the database through it. Remove it, then start again`,
  )
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
