import { Argument, Command, Option } from 'commander'
import { readMigrationConfig } from '../config/config.ts'
import { grantRights, migrate, migrationStatus } from '../database/migrate.ts'
import { print, withDatabaseUrl } from './command-line.ts'

interface Options {
  readonly json: boolean
  readonly grant?: string
}

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('Bring the database up to date. Needs DATABASE_URL_DIRECT or DATABASE_URL and no other setting.')
    .addArgument(new Argument('[status]', 'only report which migrations are applied').choices(['status']))
    .addOption(
      new Option(
        '--grant <role>',
        'also grant this role the privileges that the service needs if it does not own the tables',
      ),
    )
    .option('--json', 'print the result as JSON', false)
    .action(async (status: string | undefined, options: Options) => {
      // The first process of a container ignores a signal for which it has no handler.
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1))
      const { databaseUrlDirect, dataDir } = readMigrationConfig(process.env)
      await withDatabaseUrl({ databaseUrl: databaseUrlDirect, dataDir }, (url) =>
        status ? showStatus(url, options) : bringUpToDate(url, options),
      )
    })
}

async function bringUpToDate(url: string, { json, grant }: Options): Promise<void> {
  const { applied } = await migrate(url, { report: (line) => process.stderr.write(`${line}\n`) })
  if (grant !== undefined) await grantRights(url, grant)
  const outcome = applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}`
  const granted = grant === undefined ? '' : `\nThe role ${grant} has the privileges that the service needs.`
  print(json, { applied, ...(grant !== undefined && { granted: grant }) }, outcome + granted)
}

async function showStatus(url: string, { json }: Options): Promise<void> {
  const status = await migrationStatus(url)
  const lines = Object.entries(status).map(([state, names]) => `${state}: ${names.join(', ') || 'none'}`)
  print(json, status, lines.join('\n'))
  if (status.pending.length + status.failed.length > 0) process.exitCode = 1
}
