// From the start of the process to readiness, on a database that is migrated already.

import { productionSettings, startLatchkey } from '../environment/latchkey.js'
import { log } from '../environment/measure.js'
import { startBetterAuth } from '../environment/peers.js'
import { atMost, range, table } from '../report/markdown.js'
import { spread } from '../report/statistics.js'

export async function start({ postgres, sendgrid, plan }) {
  const settings = productionSettings({
    databaseUrl: await postgres.createDatabase('start', 'migrated'),
    sendgridUrl: sendgrid.url,
  })
  const peerUrl = await postgres.createDatabase('start_better_auth')
  const starts = { Latchkey: [], 'better-auth': [] }
  for (let round = 0; round <= plan.starts; round += 1) {
    const service = await startLatchkey(settings)
    await service.stop()
    const peer = await startBetterAuth({ databaseUrl: peerUrl, sendgrid, bcryptCost: 12 })
    await peer.stop()
    if (round === 0) continue // which creates the keys, and reads the files for the first time
    starts.Latchkey.push(service)
    starts['better-auth'].push(peer)
    log(`start: ${service.startMs.toFixed(0)} ms, better-auth ${peer.startMs.toFixed(0)} ms`)
  }
  const rows = Object.entries(starts).map(([name, all]) => [
    name,
    ...['startMs', 'startCpuMs'].map((field) => range(spread(all.map((one) => one[field])))),
  ])
  return {
    title: 'Start',
    text:
      `${plan.starts} starts each, in turn. The service (\`serve\`, with its worker, on a migrated database): from the start of the process until ` +
      '`/health/ready` answers 200, asked every 5 ms. better-auth: until the process listens and has found that its tables exist.',
    tables: [table(['', 'start to ready, ms', 'CPU until then, ms'], rows)],
    targets: [atMost(1_000, 'start to ready', spread(starts.Latchkey.map(({ startMs }) => startMs)).median, ' ms')],
  }
}
