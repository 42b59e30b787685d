import { chmod, mkdtemp, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

const MEMORY = '/dev/shm'
/** The number that statfs(2) gives for tmpfs. */
const TMPFS = 0x01021994
/** More than a run of all tests needs. Docker gives /dev/shm only 64 MB unless it is told otherwise. */
const ROOM_BYTES = 6 * 1024 ** 3

/** A folder that PostgreSQL's own user can pass through when the tests run as root. Folders of mkdtemp are closed to it. */
export async function temporaryFolder(prefix: string, parent = tmpdir()): Promise<string> {
  const folder = await mkdtemp(path.join(parent, prefix))
  await chmod(folder, 0o711)
  return folder
}

/**
 * Where the data folders of PostgreSQL are: in memory if there is room. A database has some 300 small files, and most test
 * files create one. On a disk this takes a quarter of a second of CPU each time, in memory a hundredth.
 */
export async function dataFolders(): Promise<string> {
  const found = await statfs(MEMORY).catch(() => undefined)
  const hasRoom = found?.type === TMPFS && found.bavail * found.bsize > ROOM_BYTES
  return hasRoom ? MEMORY : tmpdir()
}
