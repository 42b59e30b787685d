import { userInfo } from 'node:os'
import type { Config } from '../config.ts'
import { startEmbeddedPostgres } from '../database/embedded-postgres.ts'
import { migrate } from '../database/migrate.ts'
import { closeDeps, createDeps, type Deps, systemClock } from '../deps.ts'
import { readSecretKey } from '../development-secret.ts'
import type { Requester } from '../domain/support/requester.ts'
import { createLog } from '../log.ts'
import { assertMigrated } from '../serve.ts'

/** Runs a command on the configured database; on the embedded one, beside the service or without it. */
export async function withDatabaseUrl<Result>(config: Config, work: (url: string) => Promise<Result>): Promise<Result> {
  if (config.databaseUrl !== undefined) return work(config.databaseUrl)
  const embedded = await startEmbeddedPostgres({ dataDir: config.dataDir })
  try {
    return await work(embedded.url)
  } finally {
    await embedded.stop()
  }
}

/** Runs a command with what flows are given; it may be the first thing ever done on the embedded database. */
export async function withDeps<Result>(config: Config, work: (deps: Deps) => Promise<Result>): Promise<Result> {
  return withDatabaseUrl(config, async (databaseUrl) => {
    if (config.databaseUrl === undefined) await migrate(databaseUrl)
    else await assertMigrated(databaseUrl)
    const log = createLog('silent') // a command speaks for itself
    const deps = createDeps({ config, databaseUrl, secretKey: await readSecretKey(config), log, clock: systemClock })
    try {
      await deps.keys.load()
      return await work(deps)
    } finally {
      await closeDeps(deps)
    }
  })
}

/** Whoever has a shell here, for the audit trail; a user id without a name has to do as one. */
export function operator(): Requester {
  try {
    return { actor: { operator: userInfo().username }, origin: null }
  } catch {
    return { actor: { operator: String(process.getuid?.()) }, origin: null }
  }
}

/** What was asked for cannot be done: one line for a person, or a code for a script, and exit code 1. */
export function refuse(asJson: boolean, code: string, text: string): void {
  if (asJson) process.stdout.write(`${JSON.stringify({ error: code, detail: text })}\n`)
  else process.stderr.write(`${text}\n`)
  process.exitCode = 1
}

/** A command's answer: for a script or for a person. */
export function print(asJson: boolean, value: unknown, text: string): void {
  process.stdout.write(`${asJson ? JSON.stringify(value) : text}\n`)
}
