import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Secret } from '../security/secret.ts'
import type { Config } from './config.ts'
import { ConfigError } from './environment.ts'

/**
 * SECRET_KEY, or in development one that is made once and kept under DATA_DIR: what it seals is in the database there,
 * so losing one without the other helps nobody.
 */
export async function readSecretKey(config: Config): Promise<Secret> {
  if (config.secretKey) return config.secretKey
  const path = join(config.dataDir, 'secret-key')
  await mkdir(config.dataDir, { recursive: true })
  const made = randomBytes(32).toString('base64url')
  await writeFile(path, made, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error // "wx": of two starts at once, the second reads what the first wrote
  })
  const kept = (await readFile(path, 'utf8')).trim()
  // A disk that was full, or another start between making the file and writing it: never seal anything under that.
  if (kept.length < made.length) throw new ConfigError(`${path} is incomplete: remove it, or start once more`)
  return new Secret(kept)
}
