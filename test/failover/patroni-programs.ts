import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { hasOpenssl } from '../support/certificates.ts'

/** Where Debian installs each version of PostgreSQL. */
const VERSIONS = '/usr/lib/postgresql'

/** What is missing for a cluster: nothing where Debian's packages patroni, etcd-server and postgresql are installed. */
export async function missingPrograms(): Promise<string[]> {
  const isInstalled = (program: string) => {
    try {
      execFileSync(program, ['--version'], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  }
  const missing = ['patroni', 'etcd'].filter((program) => !isInstalled(program))
  if ((await newestPostgres()) === undefined) missing.push('postgresql')
  if (!hasOpenssl()) missing.push('openssl 3')
  return missing
}

/** The folder with the programs of the newest PostgreSQL. */
export async function newestPostgres(): Promise<string | undefined> {
  const versions = (await readdir(VERSIONS).catch(() => [])).map(Number).sort((one, other) => other - one)
  const candidates = versions.map((version) => path.join(VERSIONS, String(version), 'bin'))
  return candidates.find((folder) => existsSync(path.join(folder, 'pg_rewind')))
}
