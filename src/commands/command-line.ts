import type { Config } from '../config.ts'
import { startEmbeddedPostgres } from '../database/embedded-postgres.ts'

/** Runs a command on the configured database; on the embedded one, beside the service or without it. */
export async function withDatabaseUrl<Result>(config: Config, work: (url: string) => Promise<Result>): Promise<Result> {
  if (config.databaseUrl !== undefined) return work(config.databaseUrl.reveal())
  const embedded = await startEmbeddedPostgres({ dataDir: config.dataDir })
  try {
    return await work(embedded.url)
  } finally {
    await embedded.stop()
  }
}

/** A command's answer: for a script or for a person. */
export function print(asJson: boolean, value: unknown, text: string): void {
  process.stdout.write(`${asJson ? JSON.stringify(value) : text}\n`)
}
