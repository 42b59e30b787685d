import { userInfo } from 'node:os'
import type { Config } from '../config/config.ts'
import { readSecretKey } from '../config/development-secret.ts'
import { assertMigrated } from '../database/assert-ready.ts'
import { startEmbeddedPostgres } from '../database/embedded-postgres.ts'
import { migrate } from '../database/migrate.ts'
import { closeDeps, createDeps, type Deps } from '../deps.ts'
import type { Requester } from '../domain/events/requester.ts'
import { createLog } from '../log.ts'

/**
 * The command cannot do what was requested. It prints the message, or with `--json` the code as well, and exits with
 * code 1.
 */
export class CommandRefused extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Runs a command on the configured database, or on the embedded one, whether or not the service is running. */
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
 * Runs a command with the dependencies of the use cases. As in the service, the embedded database is migrated first,
 * and any other database must have been migrated by the operator.
 */
export async function withDeps<Result>(config: Config, work: (deps: Deps) => Promise<Result>): Promise<Result> {
  return withDatabaseUrl({ ...config, databaseUrl: config.databaseUrlDirect }, async (databaseUrl) => {
    const isEmbedded = config.databaseUrlDirect === undefined
    await (isEmbedded ? migrate(databaseUrl) : assertMigrated(databaseUrl, { needsSessions: false }))
    const log = createLog('silent') // the command prints its own result
    const deps = createDeps({ config, databaseUrl, secretKey: await readSecretKey(config), log })
    try {
      await deps.clock.synchronize()
      await deps.keys.load() // a wrong SECRET_KEY is refused here, before a key is sealed that the service cannot open
      return await work(deps)
    } finally {
      await closeDeps(deps)
    }
  })
}

/** The person at the shell, for the audit trail: the name of their user account, or its number if it has no name. */
export function operator(): Requester {
  try {
    return { actor: { operator: userInfo().username }, origin: null }
  } catch {
    return { actor: { operator: String(process.getuid?.()) }, origin: null }
  }
}

/** Prints the result of a command, as JSON or as text. */
export function print(asJson: boolean, value: unknown, text: string): void {
  process.stdout.write(`${asJson ? JSON.stringify(value) : text}\n`)
}

/** Formats rows as a text table. Each column is as wide as its longest cell. */
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
