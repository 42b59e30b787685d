import { userInfo } from 'node:os'
import type { Config } from '../config/config.ts'
import { readSecretKey } from '../config/development-secret.ts'
import { assertMigrated } from '../database/assert-ready.ts'
import { startEmbeddedPostgres } from '../database/embedded-postgres.ts'
import { migrate } from '../database/migrate.ts'
import { closeDeps, createDeps, type Deps } from '../deps.ts'
import type { Requester } from '../domain/events/requester.ts'
import { createLog } from '../log.ts'

/** The command cannot do what it was asked: one line for a person, or a code for a script (`--json`), and exit code 1. */
export class CommandRefused extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Runs a command on the configured database; on the embedded one, beside the service or without it. */
export async function withDatabaseUrl<Result>(
  config: Pick<Config, 'databaseUrl' | 'dataDir'>,
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  if (config.databaseUrl !== undefined) return work(config.databaseUrl.reveal())
  const embedded = await startEmbeddedPostgres({ dataDir: config.dataDir })
  try {
    return await work(embedded.url)
  } finally {
    await embedded.stop()
  }
}

/**
 * Runs a command with what flows are given. As for the service, the embedded database is brought up to date first and
 * any other is the operator's.
 */
export async function withDeps<Result>(config: Config, work: (deps: Deps) => Promise<Result>): Promise<Result> {
  return withDatabaseUrl(config, async (databaseUrl) => {
    await (config.databaseUrl === undefined ? migrate(databaseUrl) : assertMigrated(databaseUrl))
    const log = createLog('silent') // what there is to say is the command's answer
    const deps = createDeps({ config, databaseUrl, secretKey: await readSecretKey(config), log })
    try {
      await deps.clock.synchronize()
      await deps.keys.load() // a wrong SECRET_KEY must not seal a key that the service cannot open
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

/** A command's answer: for a script or for a person. */
export function print(asJson: boolean, value: unknown, text: string): void {
  process.stdout.write(`${asJson ? JSON.stringify(value) : text}\n`)
}

/** Columns for a person, as wide as what is in them. */
export function table(headings: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const lines = [headings, ...rows]
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
