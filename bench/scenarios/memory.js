// The memory of the service: idle after the start, after load on each route, and over minutes of load on all of them.
import { setTimeout as wait } from 'node:timers/promises'
import { startChild } from '../environment/child.js'
import { createClient, productionSettings, startLatchkey } from '../environment/latchkey.js'
import { log } from '../environment/measure.js'
import { startPeers } from '../environment/peers/start-peers.js'
import { emailOf, openAccounts, signIn } from '../environment/people.js'
import { residentMegabytes } from '../environment/processes.js'
import { contender, forgot, introspect, logInOfAnyone, readMe, refresh } from '../environment/requests.js'
import { atMost, digits, table } from '../report/markdown.js'
import { median } from '../report/statistics.js'

const CONNECTIONS = 16
const SESSIONS = 64
const PEOPLE = 10_000
const READ_EVERY_MS = 1_000

export async function memory({ postgres, sendgrid, plan }) {
  const settings = productionSettings({
    databaseUrl: await postgres.createDatabase('memory', 'migrated'),
    sendgridUrl: sendgrid.url,
    BCRYPT_COST: '10',
    ACCESS_TOKEN_TTL: '86400',
  })
  const first = await startLatchkey(settings)
  await openAccounts(first, sendgrid, PEOPLE)
  await first.stop()

  const service = await startLatchkey(settings)
  const load = await startChild('load')
  await wait(plan.idleSeconds * 1000)
  const idle = await residentMegabytes(service.pid)
  const rows = [
    [`idle, ${plan.idleSeconds} s after the start`, idle],
    ...(await peersRows({ postgres, sendgrid, plan })),
  ]
  const loads = await loadsOf(service)
  for (const [name, requests] of Object.entries(loads)) {
    await contender(load, name, service, requests, CONNECTIONS).run(plan.seconds)
    rows.push([`after ${plan.seconds} s of ${name}`, await residentMegabytes(service.pid)])
    log(`memory: ${rows.at(-1).join(': ')} MB`)
  }
  const readings = await soak(service, load, await loadsOf(service), plan.soakMinutes)
  await load.stop()
  await service.stop()
  const minutes = digits(plan.soakMinutes)
  const [middle, end] = [medianOfThird(readings, 1), medianOfThird(readings, 2)]
  rows.push([`second third of ${minutes} minutes of all of them, median`, digits(middle)])
  rows.push(['last third, median', digits(end)], ['the most in these minutes', Math.max(...readings)])
  return {
    title: 'Memory',
    text:
      `The resident memory of one process with its worker, without its database, over ${CONNECTIONS} connections. *Flat* means that the ` +
      'median of the last third of the minutes of load is at most 5 % above that of the second third.',
    tables: [table(['', 'MB'], rows)],
    targets: [
      atMost(110, 'idle memory', idle, { unit: ' MB' }),
      atMost(1.05, `memory over ${minutes} minutes of load: last third ÷ second third`, end / middle),
    ],
  }
}

async function peersRows({ postgres, sendgrid, plan }) {
  const peers = await startPeers({ postgres, sendgrid, plan }, { scenario: 'memory', bcryptCost: 10 })
  await wait(plan.idleSeconds * 1000)
  const rows = []
  for (const { name, pid, stop } of peers) {
    rows.push([`for comparison: ${name}, idle`, await residentMegabytes(pid)])
    await stop()
  }
  return rows
}

async function loadsOf(service) {
  const emails = Array.from({ length: SESSIONS }, (_, number) => emailOf(number))
  const sessions = await signIn(service, emails)
  const client = await createClient(service, 'tokens:introspect')
  return {
    'GET /v1/me': readMe(sessions),
    'POST /v1/token/refresh': refresh(sessions),
    'POST /oauth/introspect': introspect(sessions, client),
    // By so many people that the sessions above are not ended because their owners have too many.
    'POST /v1/login': Array(CONNECTIONS).fill(logInOfAnyone(PEOPLE)).flat(),
    'POST /v1/password/forgot, with the mails': Array(CONNECTIONS).fill(forgot(PEOPLE)).flat(),
  }
}

/** Sends all of them in turn over every connection. @returns the memory, each second */
async function soak(service, load, loads, minutes) {
  const requests = Object.values(loads).flat()
  const readings = []
  const running = contender(load, 'all', service, requests, CONNECTIONS).run(minutes * 60)
  let isOver = false
  const watch = async () => {
    while (!isOver) {
      readings.push(await residentMegabytes(service.pid))
      await wait(READ_EVERY_MS)
    }
  }
  const watching = watch()
  const { statuses } = await running
  isOver = true
  await watching
  log(`memory: ${minutes} minutes of load were answered ${JSON.stringify(statuses)}`)
  return readings
}

function medianOfThird(readings, third) {
  const length = readings.length / 3
  return median(readings.slice(Math.floor(length * third), Math.ceil(length * (third + 1))))
}
