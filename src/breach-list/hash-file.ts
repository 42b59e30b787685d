import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { ConfigError } from '../config/environment.ts'
import type { BreachList } from './breach-list.ts'

/** It is held in memory, at about three times its size; for the whole of Have I Been Pwned run a range service. */
const LARGEST_FILE_BYTES = 128 * 1024 * 1024
/** 64 bits of a hash: with ten million entries a chance of one in a trillion to refuse a password that is not listed. */
const KEPT_DIGITS = 16
const LINE = /^([0-9A-Fa-f]{5,40})(?::\d+)?$/

/**
 * A file with one SHA-1 in hexadecimal a line, whole or its beginning, `:count` after it or not: what Have I Been
 * Pwned's downloader writes.
 *
 * @throws {ConfigError} naming the line that is something else.
 */
export function readHashFile(path: string): BreachList {
  const prefixes = readPrefixes(path)
  const lengths = [...new Set([...prefixes].map((prefix) => prefix.length))]
  return {
    contains: async (password) => {
      const digest = createHash('sha1').update(password.reveal(), 'utf8').digest('hex')
      return lengths.some((length) => prefixes.has(digest.slice(0, length)))
    },
  }
}

function readPrefixes(path: string): Set<string> {
  const prefixes = new Set<string>()
  for (const [index, line] of readText(path).split('\n').entries()) {
    const text = line.trim()
    if (text === '') continue
    const hash = LINE.exec(text)?.[1]
    if (hash === undefined)
      throw new ConfigError(`BREACH_LIST: line ${index + 1} of ${path} is no SHA-1 or prefix of one`)
    prefixes.add(hash.slice(0, KEPT_DIGITS).toLowerCase())
  }
  if (prefixes.size === 0) throw new ConfigError(`BREACH_LIST: ${path} is empty`)
  return prefixes
}

function readText(path: string): string {
  try {
    if (statSync(path).size > LARGEST_FILE_BYTES) throw new ConfigError(`BREACH_LIST: ${path} is larger than 128 MiB`)
    return readFileSync(path, 'latin1')
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError(`BREACH_LIST: ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}
