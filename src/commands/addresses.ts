import { Command } from 'commander'
import { readConfig } from '../config/config.ts'
import { Refusal } from '../domain/problems.ts'
import { unlockAddress } from '../domain/support/addresses/unlock-address.ts'
import { CommandRefused, operator, print, withDeps } from './command-line.ts'

export function addressesCommand(): Command {
  const unlock = new Command('unlock')
    .description('Unlock a locked address. Then anyone can use it.')
    .argument('<email>')
    .option('--reason <text>', 'why the address is unlocked, for the audit trail')
    .option('--json', 'print the result as JSON', false)
    .action(async (email: string, options: { reason?: string; json: boolean }) => {
      await withDeps(readConfig(process.env), (deps) =>
        unlockAddress(deps, { email, reason: options.reason ?? null, by: operator() }),
      ).catch((error: unknown) => {
        const isNotLocked = error instanceof Refusal && error.code === 'not_found'
        throw isNotLocked ? new CommandRefused('not_found', `${email} is not locked.`) : error
      })
      print(options.json, { address: email, state: 'free' }, `${email} is free.`)
    })
  return new Command('addresses').description('Unlock locked addresses.').addCommand(unlock)
}
