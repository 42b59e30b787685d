import { Argument, Command } from 'commander'
import { readConfig } from '../config/config.ts'
import { type MigrationStatus, migrate, migrationStatus } from '../database/migrate.ts'
import { print, withDatabaseUrl } from './command-line.ts'

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('Bring the database up to date, or say how far it is.')
    .addArgument(new Argument('[status]', 'only say how far it is').choices(['status']))
    .option('--json', 'answer in JSON', false)
    .action(async (status: string | undefined, options: { json: boolean }) => {
      await withDatabaseUrl(readConfig(process.env), (url) =>
        status ? showStatus(url, options) : bringUpToDate(url, options),
      )
    })
}

async function bringUpToDate(url: string, { json }: { json: boolean }): Promise<void> {
  const { applied } = await migrate(url)
  print(json, { applied }, applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}`)
}

async function showStatus(url: string, { json }: { json: boolean }): Promise<void> {
  const status = await migrationStatus(url)
  const lines = (Object.keys(status) as Array<keyof MigrationStatus>).map(
    (state) => `${state}: ${status[state].join(', ') || 'none'}`,
  )
  print(json, status, lines.join('\n'))
  if (status.pending.length + status.failed.length > 0) process.exitCode = 1
}
