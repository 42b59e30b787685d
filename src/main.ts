import { Command, CommanderError } from 'commander'
import { migrateCommand } from './commands/migrate.ts'
import { serveCommand } from './commands/serve.ts'
import { EmbeddedPostgresFailure } from './database/embedded-postgres.ts'
import { ConfigError } from './environment.ts'
import { StartRefused } from './serve.ts'

/** Exit codes of every command: 0 done, 1 refused, 2 wrong use. */
const REFUSED = 1
const WRONG_USE = 2

const program = new Command('latchkey')
  .description('A headless service for login credentials.')
  .exitOverride()
  .addCommand(serveCommand())
  .addCommand(migrateCommand())
for (const command of program.commands) command.exitOverride()

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : WRONG_USE)
  process.stderr.write(`${explain(error)}\n`)
  process.exit(REFUSED)
}

/** One line for what the operator can mend; a stack only for what is our defect. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isForTheOperator = [ConfigError, StartRefused, EmbeddedPostgresFailure].some((kind) => error instanceof kind)
  return isForTheOperator ? error.message : (error.stack ?? error.message)
}
