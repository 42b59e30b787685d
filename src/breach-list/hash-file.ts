import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { Logger } from 'pino'
import { ConfigError } from '../config/environment.ts'
import { PlainPassword } from '../security/plain-password.ts'
import type { BreachList } from './breach-list.ts'
import { WELL_KNOWN_PASSWORD } from './well-known-password.ts'

/** The file is held in memory, at about three times its size. For the whole of Have I Been Pwned, run a range service. */
const LARGEST_FILE_BYTES = 128 * 1024 * 1024
/**
 * Only the first 64 bits of each hash are kept. With ten million entries, about one password in a trillion is refused
 * although it is not in the list.
 */
const KEPT_DIGITS = 16
/** The length of MD5 and of NTLM hashes. Such a hash would be read as a shortened SHA-1 hash and match no password. */
const OTHER_HASH_DIGITS = 32
const LINE = /^([0-9A-Fa-f]{5,40})(?::\d+)?$/

/**
 * Reads a file that has one SHA-1 hash per line, in hexadecimal, whole or shortened, with or without `:count`. The
 * downloader of Have I Been Pwned writes such files.
 *
 * @throws {ConfigError} which names the first line that is not such a hash.
 */
export function readHashFile(path: string, log: Pick<Logger, 'warn'>): BreachList {
  const prefixes = readPrefixes(path)
  const lengths = [...new Set([...prefixes].map((prefix) => prefix.length))]
  const contains = (password: PlainPassword) => {
    const digest = createHash('sha1').update(password.reveal(), 'utf8').digest('hex')
    return lengths.some((length) => prefixes.has(digest.slice(0, length)))
  }
  return {
    contains: async (password) => contains(password),
    async assertWorks() {
      if (!contains(new PlainPassword(WELL_KNOWN_PASSWORD))) {
        log.warn({ path }, 'the breach list lacks the most common passwords: it may be incomplete or of another kind')
      }
    },
  }
}

function readPrefixes(path: string): Set<string> {
  const prefixes = new Set<string>()
  for (const [index, line] of readText(path).split('\n').entries()) {
    const text = line.trim()
    if (text === '') continue
    const hash = LINE.exec(text)?.[1]
    if (hash === undefined || hash.length === OTHER_HASH_DIGITS) {
      const looksLike = hash === undefined ? '' : ' (it has the length of an MD5 or NTLM hash)'
      throw new ConfigError(
        `BREACH_LIST: line ${index + 1} of ${path} is not a SHA-1 hash or the beginning of one${looksLike}.`,
      )
    }
    prefixes.add(hash.slice(0, KEPT_DIGITS).toLowerCase())
  }
  if (prefixes.size === 0) throw new ConfigError(`BREACH_LIST: the file ${path} is empty.`)
  return prefixes
}

function readText(path: string): string {
  try {
    if (statSync(path).size > LARGEST_FILE_BYTES)
      throw new ConfigError(`BREACH_LIST: the file ${path} is larger than 128 MiB. Use a range service instead.`)
    return readFileSync(path, 'latin1')
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError(`BREACH_LIST: the file ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`)
  }
}
