import { Command } from 'commander'
import { readConfig } from '../config/config.ts'
import { endAllLinks } from '../domain/support/recovery/end-all-links.ts'
import { operator, print, withDeps } from './command-line.ts'
import { type EndAllOptions, endAllCommand } from './end-all.ts'

export function linksCommand(): Command {
  const end = endAllCommand('links')
    .option('--keep-revert-links', 'leave the links that undo an email change', false)
    .action(endAll)
  return new Command('links').description('Invalidate the mailed links of all accounts.').addCommand(end)
}

async function endAll({ before, keepRevertLinks, json }: EndAllOptions & { keepRevertLinks: boolean }): Promise<void> {
  const ended = await withDeps(readConfig(process.env), (deps) =>
    endAllLinks(deps, { before: before ?? deps.clock.now(), keepRevertLinks, by: operator() }),
  )
  print(json, ended, `${ended.links} mailed links have been invalidated.`)
}
