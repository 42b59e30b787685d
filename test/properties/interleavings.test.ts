import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { findViolations } from '../support/invariants.ts'
import { startTestApp } from '../support/test-app.ts'
import { ModelAccount } from './account-model.ts'
import { expectTheWholeToHold, type Model, operations } from './account-operations.ts'

/** The same few in every `npm test`; scripts/search.sh asks for 10 others each time. */
const FEW = 3
const RUNS = Number(process.env.MODEL_RUNS ?? FEW)
/** MODEL_SEED repeats a search that found something; fast-check prints the seed. */
const SEED = Number(process.env.MODEL_SEED ?? (RUNS === FEW ? 1 : Date.now() % 2 ** 31))
const MOST_OPERATIONS = 40

const { api, mailbox, people, deps } = await startTestApp()

/** Two people, and two more addresses that either of them may take. */
async function twoAccounts(): Promise<Model> {
  const owners = new Map<string, ModelAccount>()
  const accounts = []
  for (const name of ['ada', 'bob']) {
    const { email, password, tokens } = await people.verified({ email: people.newEmail(name) })
    const account = new ModelAccount(owners, email, password)
    account.sessions.push({ ...tokens })
    accounts.push(account)
  }
  const [ada, bob] = accounts
  if (!ada || !bob) throw new Error('two people are two')
  return { accounts: [ada, bob], addresses: [ada.email, bob.email, people.newEmail('free'), people.newEmail('free')] }
}

test(
  `in ${RUNS} random interleavings of everything that two accounts can do, each address has one owner, each account one password, and no ended session or link works`,
  async () => {
    let performed = 0
    await fc.assert(
      fc.asyncProperty(fc.commands(operations, { maxCommands: MOST_OPERATIONS, size: 'max' }), async (commands) => {
        const model = await twoAccounts()
        const real = { api, mailbox }
        await fc.asyncModelRun(() => ({ model, real }), commands)
        await expectTheWholeToHold(model, real)
        performed += [...commands].length
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: false },
    )
    process.stderr.write(`${performed} operations in ${RUNS} interleavings\n`)

    expect(await findViolations(deps.pool)).toEqual([])
  },
  60_000 + RUNS * 30_000,
)
