import { Command, CommanderError } from 'commander'
import { CommandRefused } from './commands/command-line.ts'
import { isDatabaseUnavailable } from './database/client.ts'
import { EmbeddedPostgresFailure } from './database/embedded-postgres.ts'
import { ConfigError } from './environment.ts'
import { WrongSecretKey } from './security/sealed-value.ts'
import { StartRefused } from './serve.ts'

/** Exit codes of every command: 0 done, 1 refused, 2 wrong use. */
const REFUSED = 1
const WRONG_USE = 2

/** Errors whose message is one line that says what to mend. */
const FOR_THE_OPERATOR = [ConfigError, StartRefused, CommandRefused, EmbeddedPostgresFailure, WrongSecretKey]

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./commands/serve.ts')).serveCommand(),
  migrate: async () => (await import('./commands/migrate.ts')).migrateCommand(),
  clients: async () => (await import('./commands/clients.ts')).clientsCommand(),
  keys: async () => (await import('./commands/keys.ts')).keysCommand(),
  users: async () => (await import('./commands/users.ts')).usersCommand(),
  addresses: async () => (await import('./commands/addresses.ts')).addressesCommand(),
}

const program = new Command('latchkey').description('A headless service for login credentials.')
// A service that runs for months need not carry what the other commands load.
const name = process.argv[2] ?? ''
const named = Object.hasOwn(commands, name) ? commands[name] : undefined
for (const load of named ? [named] : Object.values(commands)) program.addCommand(await load())
throwInsteadOfExiting(program)

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : WRONG_USE)
  process.stderr.write(`${explain(error)}\n`)
  process.exit(REFUSED)
}

function throwInsteadOfExiting(command: Command): void {
  command.exitOverride()
  for (const subcommand of command.commands) throwInsteadOfExiting(subcommand)
}

/** One line for what the operator can mend; a stack only for what is our defect. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isForTheOperator = FOR_THE_OPERATOR.some((kind) => error instanceof kind)
  if (isForTheOperator) return error.message
  if ('code' in error && /^(28|3D)/.test(String(error.code))) return `The database refuses us: ${error.message}`
  if (isDatabaseUnavailable(error)) return 'The database cannot be reached: is it up, and DATABASE_URL right?'
  return error.stack ?? error.message
}
