import { Command } from 'commander'
import { readConfig } from '../config/config.ts'
import { endAllSessions } from '../domain/support/recovery/end-all-sessions.ts'
import { operator, print, withDeps } from './command-line.ts'
import { type EndAllOptions, endAllCommand } from './end-all.ts'

export function sessionsCommand(): Command {
  const end = endAllCommand('sessions').action(endAll)
  return new Command('sessions').description('End the sessions of all accounts.').addCommand(end)
}

async function endAll({ before, json }: EndAllOptions): Promise<void> {
  const ended = await withDeps(readConfig(process.env), (deps) =>
    endAllSessions(deps, { before: before ?? deps.clock.now(), by: operator() }),
  )
  print(json, ended, `${ended.sessions} sessions of ${ended.accounts} accounts have ended.`)
}
