import { existsSync, statSync } from 'node:fs'
import { access, constants, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { ConfigError } from './environment.ts'

/**
 * Creates DATA_DIR if it does not exist.
 *
 * @throws {ConfigError} if the folder cannot be created, read or written.
 */
export async function createDataFolder(dataDir: string): Promise<void> {
  try {
    await makeFolder(dataDir)
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new ConfigError(`DATA_DIR ${dataDir} cannot be used (${(error as NodeJS.ErrnoException).code})`)
  }
}

/**
 * Creates a folder and its parents. The option `recursive` is not used, because it never ends on a file system like
 * /proc, which reports every folder as missing.
 */
async function makeFolder(folder: string): Promise<void> {
  const failure = await mkdir(folder).then(
    () => null,
    (error: NodeJS.ErrnoException) => error,
  )
  if (failure === null || (failure.code === 'EEXIST' && statSync(folder).isDirectory())) return
  if (failure.code !== 'ENOENT' || path.dirname(folder) === folder || existsSync(path.dirname(folder))) throw failure
  await makeFolder(path.dirname(folder))
  await makeFolder(folder)
}
