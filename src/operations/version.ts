import { readFileSync } from 'node:fs'

/** The version in package.json, which is two levels up from src/operations and from dist/operations alike. */
export const VERSION = readVersion()

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}
