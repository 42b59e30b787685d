import { Command } from 'commander'
import { readConfig } from '../config.ts'
import { problems, Refusal } from '../domain/problems.ts'
import { unlockAddress } from '../domain/support/unlock-address.ts'
import { operator, print, refuse, withDeps } from './command-line.ts'

export function addressesCommand(): Command {
  const unlock = new Command('unlock')
    .description('Unlock an address for whoever asks for it next.')
    .argument('<email>')
    .option('--reason <text>', 'why, for the audit trail')
    .option('--json', 'answer in JSON', false)
    .action(async (email: string, options: { reason?: string; json: boolean }) => {
      await withDeps(readConfig(process.env), async (deps) => {
        try {
          await unlockAddress(deps, { email, reason: options.reason ?? null, by: operator() })
          print(options.json, { address: email, state: 'free' }, `${email} is free.`)
        } catch (error) {
          if (!(error instanceof Refusal)) throw error
          const text = error.code === 'not_found' ? `${email} is not locked.` : problems[error.code][2]
          refuse(options.json, error.code, text)
        }
      })
    })
  return new Command('addresses').description('Who may have an address.').addCommand(unlock)
}
