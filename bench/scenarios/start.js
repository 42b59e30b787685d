// From the start of the process to readiness, on a database that is migrated already.

import { productionSettings, startLatchkey } from '../environment/latchkey.js'
import { log } from '../environment/measure.js'
import { startBetterAuth } from '../environment/peers/better-auth.js'
import { startKratos } from '../environment/peers/kratos.js'
import { atMost, range, table } from '../report/markdown.js'
import { spread } from '../report/statistics.js'

export async function start({ postgres, sendgrid, plan }) {
  const settings = productionSettings({
    databaseUrl: await postgres.createDatabase('start', 'migrated'),
    sendgridUrl: sendgrid.url,
  })
  const peerUrl = await postgres.createDatabase('start_better_auth')
  const kratosUrl = await postgres.createDatabase('start_kratos')
  const ways = {
    Latchkey: () => startLatchkey(settings),
    'better-auth': () => startBetterAuth({ databaseUrl: peerUrl, sendgrid, bcryptCost: 12 }),
    ...(plan.kratos && {
      'Ory Kratos': () => startKratos({ program: plan.kratos, databaseUrl: kratosUrl, sendgrid, bcryptCost: 12 }),
    }),
  }
  const starts = Object.fromEntries(Object.keys(ways).map((name) => [name, []]))
  for (let round = 0; round <= plan.starts; round += 1) {
    for (const [name, begin] of Object.entries(ways)) {
      const started = await begin()
      await started.stop()
      if (round === 0) continue // which makes keys or tables, and reads the files for the first time
      starts[name].push(started)
      log(`start: ${name} ${started.startMs.toFixed(0)} ms, ${started.startCpuMs} ms CPU`)
    }
  }
  const rows = Object.entries(starts).map(([name, all]) => [
    name,
    range(spread(all.map(({ startMs }) => startMs))),
    range(spread(all.map(({ startCpuMs }) => startCpuMs))),
  ])
  return {
    title: 'Start',
    text:
      `${plan.starts} starts each, in turn. The service (\`serve\`, with its worker, on a migrated database): from the start of the process until ` +
      '`/health/ready` answers 200, asked every 5 ms. better-auth: until the process listens and has found that its tables exist. ' +
      'Ory Kratos: `serve` with its courier, until its `/admin/health/ready` answers 200.',
    tables: [table(['', 'start to ready, ms', 'CPU until then, ms'], rows)],
    targets: [
      atMost(1_000, 'start to ready', spread(starts.Latchkey.map(({ startMs }) => startMs)).median, { unit: ' ms' }),
    ],
  }
}
