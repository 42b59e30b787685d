import TestSequencer from '@jest/test-sequencer'

/**
 * The order of `npm test`: the longest files come first, so that no worker is alone at the end. Jest remembers how long each
 * file took. Where it does not yet, these files come first: most of them wait for other processes or for a time-out.
 */
const LONG = [
  'commands/support-commands',
  'faults/shutdown',
  'faults/worker',
  'faults/embedded-postgres-users',
  'faults/embedded-postgres',
  'commands/clients-and-keys',
  'faults/database-out',
  'faults/killed',
  'faults/mail-out',
  'attacks/machine',
  'attacks/mailed-links',
  'attacks/guessing',
  'contract/readme',
]

export default class LongestFirst extends TestSequencer {
  sort(tests) {
    const sorted = super.sort(tests)
    const isRemembered = sorted.filter(({ duration }) => duration !== undefined).length > tests.length / 2
    return isRemembered ? sorted : sorted.toSorted((one, other) => rank(one) - rank(other))
  }
}

function rank({ path }) {
  const index = LONG.findIndex((name) => path.endsWith(`${name}.test.ts`))
  return index === -1 ? LONG.length : index
}
