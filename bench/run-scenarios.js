// Starts PostgreSQL and the stand-in for SendGrid, runs scenarios on them, and writes the report.
import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { startChild } from './environment/child.js'
import { migrateDatabase, productionSettings } from './environment/latchkey.js'
import { log } from './environment/measure.js'
import { startPostgres } from './environment/postgres.js'
import { currentCommit, describeRun } from './report/describe-run.js'
import { ELSEWHERE } from './report/elsewhere.js'
import { sectionText, targetTable } from './report/markdown.js'
import { flood } from './scenarios/flood.js'
import { growth } from './scenarios/growth.js'
import { mails } from './scenarios/mails.js'
import { memory } from './scenarios/memory.js'
import { routes } from './scenarios/routes.js'
import { signIn } from './scenarios/sign-in.js'
import { start } from './scenarios/start.js'

const SCENARIOS = { 'sign-in': signIn, routes, flood, mails, start, memory, growth }

const REASONS =
  ' [README.md](README.md#what-stands-behind-the-targets-that-are-hard-to-meet) has the reasons for those that are not, with the profiles.'

/** @returns the report, in Markdown */
export async function runScenarios(names, plan, { command }) {
  if (names.includes('growth')) await assertRoom(plan.accounts)
  const began = performance.now()
  const postgres = await startPostgres()
  const sendgrid = await startChild('sendgrid')
  try {
    const databaseUrl = await postgres.createDatabase('migrated')
    await migrateDatabase(productionSettings({ databaseUrl, sendgridUrl: sendgrid.url }))
    const commit = currentCommit()
    const sections = []
    for (const name of names) {
      const scenarioBegan = performance.now()
      log(`\n${name}`)
      sections.push(await sectionOf(name, { postgres, sendgrid, plan }))
      log(`${name}: ${minutesSince(scenarioBegan)} minutes`)
    }
    const targets = sections.flatMap((section) => section.targets)
    const parts = [
      describeRun({ postgres, plan, command, commit, minutes: minutesSince(began) }),
      `## Targets\n\n${targets.filter(({ isMet }) => isMet).length} of ${targets.length} are met. The targets are those of issue 15.${REASONS}`,
      targetTable(targets),
      ...sections.map(sectionText),
      ELSEWHERE,
    ]
    return `${parts.join('\n\n')}\n`
  } finally {
    await sendgrid.stop()
    await postgres.stop()
  }
}

/** A scenario that fails does not take the others with it. What it started ends with this process. */
async function sectionOf(name, environment) {
  try {
    return await SCENARIOS[name](environment)
  } catch (error) {
    log(error.stack)
    process.exitCode = 1
    const failed = { name: `scenario ${name}`, figure: 'failed', demand: '', isMet: false }
    return { title: `${name}: failed`, text: `\`${error.message}\``, tables: [], targets: [failed] }
  }
}

/** An account takes some 9 KB with its sessions and events, and PostgreSQL keeps up to 4 GB of its log besides. */
async function assertRoom(accounts) {
  const { bavail, bsize } = await statfs(tmpdir())
  const [neededGb, freeGb] = [(accounts * 10_000) / 1e9 + 5, (bavail * bsize) / 1e9]
  if (freeGb > neededGb) return
  const needed = `${accounts} accounts need ${neededGb.toFixed(0)} GB in ${tmpdir()}`
  throw new Error(
    `${needed}, and ${freeGb.toFixed(0)} GB are free. Choose another folder with TMPDIR, or fewer with --accounts.`,
  )
}

function minutesSince(began) {
  return ((performance.now() - began) / 60_000).toFixed(1)
}
