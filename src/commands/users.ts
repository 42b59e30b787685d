import { resolve } from 'node:path'
import { Command } from 'commander'
import { readConfig } from '../config/config.ts'
import { WEAKEST_COST } from '../domain/support/import/import-users.ts'
import { findUsers } from '../domain/support/users/find-users.ts'
import type { UserView } from '../domain/support/users/user-view.ts'
import { CommandRefused, print, withDeps } from './command-line.ts'
import { importFile } from './import-file.ts'

export function usersCommand(): Command {
  return new Command('users')
    .description('Show and import accounts.')
    .addCommand(showCommand())
    .addCommand(importCommand())
}

function showCommand(): Command {
  return new Command('show')
    .description('Show the account that has an address, and the accounts that had it before.')
    .argument('<email>')
    .option('--json', 'print the result as JSON', false)
    .action(async (email: string, { json }: { json: boolean }) => {
      const { items } = await withDeps(readConfig(process.env), (deps) =>
        findUsers(deps, { by: 'everHeld', email }, { limit: 100 }),
      )
      if (items.length === 0) throw new CommandRefused('not_found', `No account has, or had, ${email}.`)
      print(json, { users: items }, items.map(describe).join('\n\n'))
    })
}

function describe(user: UserView): string {
  const times = { created: user.createdAt, disabled: user.disabledAt, 'password changed': user.passwordChangedAt }
  return [
    `${user.email}${user.emailVerified ? '' : ' (not verified)'}`,
    `  id: ${user.id}`,
    ...Object.entries(times).flatMap(([what, at]) => (at === null ? [] : `  ${what}: ${at.toISOString()}`)),
    `  password: ${user.hasPassword ? 'set' : 'none'}`,
    ...(user.locale === null ? [] : [`  locale: ${user.locale}`]),
    `  sessions: ${user.activeSessions}`,
    ...(user.pendingEmail === null ? [] : [`  pending email: ${user.pendingEmail}`]),
    ...user.addresses.map(({ address, state, reason }) => `  address: ${address} ${state} ${reason ?? ''}`.trimEnd()),
  ].join('\n')
}

function importCommand(): Command {
  const command = new Command('import')
    .description(
      'Import accounts from a file with one JSON object per line: {email, passwordHash?, emailVerified?, disabled?, createdAt?, locale?}. ' +
        'Run it again to complete an interrupted import.',
    )
    .argument('<file.ndjson>')
    .option('--dry-run', 'report what would happen, without importing anything', false)
    .option('--report <file>', 'where to write the refused lines and the reasons (default: FILE.ndjson.refused.ndjson)')
    .option('--json', 'print the result as JSON', false)
    .action(async (file: string, options: { dryRun: boolean; report?: string; json: boolean }) => {
      const { dryRun, json, report = `${file}.refused.ndjson` } = options
      if (resolve(report) === resolve(file)) command.error('error: the report would replace the file')
      const summary = await importFile(readConfig(process.env), { file, report, dryRun }).catch((error: unknown) => {
        const { code, path } = error as NodeJS.ErrnoException
        if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR')
          command.error(`error: ${path ?? file}: ${code}`)
        throw error
      })
      const { imported, alreadyThere, refused, weakHashes, seconds } = summary
      const counts = `${imported} imported, ${alreadyThere} there already, ${refused} refused`
      const text = `${dryRun ? 'Dry run: ' : ''}${counts}, in ${seconds} s${refused > 0 ? `; see ${report}` : ''}`
      const lines = weakHashes > 0 ? [text, weakHashWarning(weakHashes)] : [text]
      print(json, { ...summary, dryRun, report: refused > 0 ? report : null }, lines.join('\n'))
      if (refused > 0) process.exitCode = 1
    })
  return command
}

function weakHashWarning(count: number): string {
  return `Warning: ${count} imported password hashes have a bcrypt cost below ${WEAKEST_COST} and are cheap to guess. Ask these people to choose a new password.`
}
