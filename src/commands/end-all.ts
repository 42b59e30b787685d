import { Command, InvalidArgumentError } from 'commander'
import { parseTime } from '../domain/times.ts'

export interface EndAllOptions {
  readonly before?: Date
  readonly json: boolean
}

/** `end --all [--before TIME]`. `--all` is required, so that a missing argument never ends everything by mistake. */
export function endAllCommand(things: 'sessions' | 'links'): Command {
  return new Command('end')
    .description(`End all ${things}, for example after a leak or after a backup was restored.`)
    .requiredOption('--all', `confirm that the ${things} of all accounts are meant`)
    .option(
      '--before <time>',
      `only ${things} created before this time (RFC 3339, like 2026-03-31T14:00:00Z)`,
      readTime,
    )
    .option('--json', 'print the result as JSON', false)
}

function readTime(text: string): Date {
  const time = parseTime(text)
  if (!time) throw new InvalidArgumentError('Enter a date and time that exist, like 2026-03-31T14:00:00Z.')
  return time
}
