import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Secret } from '../security/secret.ts'
import type { Config } from './config.ts'
import { ConfigError } from './environment.ts'

/**
 * Returns SECRET_KEY, or in development a key that is generated once and stored in DATA_DIR, beside the database that
 * contains what it seals.
 */
export async function readSecretKey(config: Config): Promise<Secret> {
  if (config.secretKey) return config.secretKey
  const path = join(config.dataDir, 'secret-key')
  await mkdir(config.dataDir, { recursive: true })
  const made = randomBytes(32).toString('base64url')
  await writeFile(path, made, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error // "wx": if two processes start at once, the second reads the key of the first
  })
  const kept = (await readFile(path, 'utf8')).trim()
  // The disk was full, or another process has created the file but not written it yet. Nothing must be sealed under an
  // incomplete key.
  if (kept.length < made.length) throw new ConfigError(`${path} is incomplete: remove it, or start once more`)
  return new Secret(kept)
}
