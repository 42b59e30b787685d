import { Command, CommanderError } from 'commander'
import { CommandRefused } from './commands/command-line.ts'
import { ConfigError } from './config/environment.ts'
import { DatabaseRefused, isDatabaseUnavailable, sqlStateOf } from './database/connection/connection-errors.ts'
import { InvalidDatabaseUrl } from './database/connection/invalid-database-url.ts'
import { EmbeddedPostgresFailure } from './database/embedded-postgres.ts'
import { GrantRefused } from './database/migrations/grant-service-role.ts'
import { MigrationRefused } from './database/migrations/lock-waits.ts'
import { problems, Refusal } from './domain/problems.ts'
import { DamagedKey } from './keys/open-key.ts'
import { VERSION } from './operations/version.ts'
import { WrongSecretKey } from './security/sealed-value.ts'
import { StartRefused } from './serve.ts'

/** Exit codes of every command: 0 done, 1 refused, 2 wrong use. */
const REFUSED = 1
const WRONG_USE = 2

const INSUFFICIENT_PRIVILEGE = '42501'

/** Errors whose message is one line that tells the operator what to correct. */
const FOR_THE_OPERATOR = [
  InvalidDatabaseUrl,
  ConfigError,
  StartRefused,
  EmbeddedPostgresFailure,
  MigrationRefused,
  GrantRefused,
  WrongSecretKey,
  DamagedKey,
]

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./commands/serve.ts')).serveCommand(),
  migrate: async () => (await import('./commands/migrate.ts')).migrateCommand(),
  clients: async () => (await import('./commands/clients.ts')).clientsCommand(),
  keys: async () => (await import('./commands/keys.ts')).keysCommand(),
  sessions: async () => (await import('./commands/sessions.ts')).sessionsCommand(),
  links: async () => (await import('./commands/links.ts')).linksCommand(),
  users: async () => (await import('./commands/users.ts')).usersCommand(),
  mails: async () => (await import('./commands/mails.ts')).mailsCommand(),
  addresses: async () => (await import('./commands/addresses.ts')).addressesCommand(),
}

const program = new Command('latchkey').description('A headless service for login credentials.').version(VERSION)
// Only the named command is loaded, so that a running service does not keep the modules of the other commands in
// memory.
const name = process.argv[2] ?? ''
const named = Object.hasOwn(commands, name) ? commands[name] : undefined
for (const load of named ? [named] : Object.values(commands)) program.addCommand(await load())
throwInsteadOfExiting(program)

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : WRONG_USE)
  printError(error)
  process.exit(REFUSED)
}

function throwInsteadOfExiting(command: Command): void {
  command.exitOverride()
  for (const subcommand of command.commands) throwInsteadOfExiting(subcommand)
}

/**
 * Prints one line for an error that the operator can correct (as JSON with `--json`), and the stack for a defect of the
 * service.
 */
function printError(error: unknown): void {
  const reason = reasonOf(error)
  if (reason && process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(reason)}\n`)
  else process.stderr.write(`${reason?.detail ?? (error instanceof Error ? error.stack : String(error))}\n`)
}

function reasonOf(error: unknown): { error: string; detail: string } | null {
  if (error instanceof CommandRefused) return { error: error.code, detail: error.message }
  if (error instanceof Refusal) return { error: error.code, detail: problems[error.code].detail }
  if (!(error instanceof Error)) return null
  if (FOR_THE_OPERATOR.some((kind) => error instanceof kind)) return { error: 'refused', detail: error.message }
  if (error instanceof DatabaseRefused) return { error: 'database_refused', detail: error.message }
  if (sqlStateOf(error) === INSUFFICIENT_PRIVILEGE) {
    const detail = `The database role lacks a privilege: ${lastLine(error.message)}. See "latchkey migrate --grant ROLE" in docs/operations.md.`
    return { error: 'database_refused', detail }
  }
  if (!isDatabaseUnavailable(error)) return null
  const detail = `The database cannot be reached: ${lastLine(error.message)}. Check that it is running and that DATABASE_URL is right.`
  return { error: 'database_unavailable', detail }
}

/** Prisma writes the reason in the last line, below the code that made the call. */
function lastLine(message: string): string {
  return message.trim().split('\n').at(-1) ?? ''
}
