// `npm run bench [-- SCENARIO …] [--quick]`: see README.md in this folder.
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { installPackages } from './environment/install.js'
import { buildKratos } from './environment/peers/build-kratos.js'

const RESULTS = path.join(import.meta.dirname, 'results.md')

/** How often and how long things are measured. */
const PLANS = {
  full: {
    rounds: 5,
    seconds: 4,
    bcryptCosts: [10, 12],
    mails: 2_000,
    starts: 15,
    idleSeconds: 10,
    soakMinutes: 2,
    accounts: 1_000_000,
  },
  quick: {
    rounds: 2,
    seconds: 1,
    bcryptCosts: [10],
    mails: 300,
    starts: 3,
    idleSeconds: 2,
    soakMinutes: 0.1,
    accounts: 5_000,
  },
}

/** In the order of the report. Those that fill the machine's memory and disk come last. */
const SCENARIOS = ['sign-in', 'routes', 'flood', 'mails', 'start', 'memory', 'growth']

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    accounts: { type: 'string' },
    'soak-minutes': { type: 'string' },
    kratos: { type: 'boolean', default: false },
  },
})
const unknown = positionals.find((name) => !SCENARIOS.includes(name))
if (unknown !== undefined) throw new Error(`There is no scenario ${unknown}: ${SCENARIOS.join(', ')}`)

const plan = {
  ...(options.quick ? PLANS.quick : PLANS.full),
  ...(options.rounds && { rounds: positive('rounds') }),
  ...(options.accounts && { accounts: positive('accounts') }),
  ...(options['soak-minutes'] && { soakMinutes: positive('soak-minutes') }),
}
const isWhole = positionals.length === 0 && !options.quick

function positive(name) {
  const number = Number(options[name])
  if (!(number > 0)) throw new Error(`--${name} must be a number greater than 0 (got "${options[name]}")`)
  return number
}

// What was started ends when this process exits, and not when a signal ends it.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

installPackages()
if (options.kratos) {
  try {
    plan.kratos = buildKratos()
  } catch (error) {
    process.stderr.write(`Ory Kratos cannot be built here and is left out: ${error.message}\n`)
  }
}
const { runScenarios } = await import('./run-scenarios.js') // which needs the packages
const text = await runScenarios(positionals.length > 0 ? positionals : SCENARIOS, plan, {
  command: ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' '),
})
process.stdout.write(text)
if (isWhole) {
  await writeFile(RESULTS, text)
  process.stderr.write(`Written to ${path.relative(process.cwd(), RESULTS)}\n`)
}
process.exit() // a scenario that failed may have left processes behind
