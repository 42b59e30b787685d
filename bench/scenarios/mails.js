// Mails: requests for reset instructions of verified accounts, until the last mail has arrived at the stand-in.
import { setTimeout as wait } from 'node:timers/promises'
import { startChild } from '../environment/child.js'
import { fillTables } from '../environment/fill-tables.js'
import { productionSettings, startLatchkey } from '../environment/latchkey.js'
import { log } from '../environment/measure.js'
import { startPeers } from '../environment/peers/start-peers.js'
import { cpuMs, treeCpuMs } from '../environment/processes.js'
import { forgot } from '../environment/requests.js'
import { atLeast, atMost, digits, range, table } from '../report/markdown.js'
import { spread } from '../report/statistics.js'

const CONNECTIONS = 16
const ROUNDS = 3
/** How long the real SendGrid takes to accept a mail, about. */
const DELAYS_MS = [0, 100]
/** After this without a mail, the missing ones are lost. */
const PATIENCE_MS = 15_000

export async function mails({ postgres, sendgrid, plan }) {
  const stage = await setUp({ postgres, sendgrid, plan })
  const tables = []
  const targets = []
  for (const delay of DELAYS_MS) {
    log(`mails, accepted after ${delay} ms`)
    await sendgrid.call('delay', delay)
    const results = Object.fromEntries(stage.contenders.map(({ name }) => [name, []]))
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const contender of stage.contenders) {
        const result = await measure(contender, { load: stage.load, postgres, sendgrid })
        results[contender.name].push(result)
        log(`  ${contender.name}: ${JSON.stringify(result)}`)
      }
    }
    tables.push(`**the provider accepts a mail after ${delay} ms**`, tableOf(results))
    if (delay === 0) targets.push(...targetsOf(results.Latchkey))
  }
  await sendgrid.call('delay', 0)
  await stage.stop()
  return {
    title: 'Mails',
    text:
      `${digits(plan.mails)} requests for reset instructions, each for another verified account, over ${CONNECTIONS} connections; ${ROUNDS} rounds. The ` +
      'mails go to a stand-in for SendGrid in a process of its own, which counts them. *Mails/s* is measured from the first mail to ' +
      'the last one that arrived. The service answers first and sends later, after a random delay of up to 0.5 s, from its queue: no crash loses a ' +
      'mail. better-auth (`POST /api/auth/request-password-reset`) sends ' +
      'during the request and loses the mail if the process ends. Ory Kratos (`POST /self-service/recovery`) sends from its database; it gets only ' +
      '100 requests a round, because it sends slowly.',
    tables,
    targets,
  }
}

async function setUp({ postgres, sendgrid, plan }) {
  const databaseUrl = await postgres.createDatabase('mails', 'migrated')
  const service = await startLatchkey(productionSettings({ databaseUrl, sendgridUrl: sendgrid.url, BCRYPT_COST: '10' }))
  const peers = await startPeers({ postgres, sendgrid, plan }, { scenario: 'mails', bcryptCost: 10 })
  // The load generator numbers the requests of all contenders, and a mailbox gets only a few such mails in an hour.
  const accounts = plan.mails * ROUNDS * DELAYS_MS.length * (1 + peers.length)
  await fillTables(databaseUrl, { accounts })
  const load = await startChild('load')
  const contenders = [{ ...service, name: 'Latchkey', request: forgot(accounts)[0], total: plan.mails }]
  for (const peer of peers) {
    const total = Math.min(plan.mails, peer.mostMails)
    await peer.openMailboxes(total)
    contenders.push({ ...peer, request: peer.forgotRequests(total)[0], total })
  }
  return {
    load,
    contenders,
    async stop() {
      for (const part of [service, ...peers, load]) await part.stop()
    },
  }
}

async function measure({ url, pid, request, total }, { load, postgres, sendgrid }) {
  await postgres.checkpoint()
  await sendgrid.call('forget')
  const [own, database] = [await cpuMs(pid), await treeCpuMs(postgres.pid)]
  const sent = await load.call('run', { url, requests: [request], connections: CONNECTIONS, total })
  const { arrived, recipients, seconds } = await untilAllArrived(sendgrid, total)
  const accepted = (sent.statuses[200] ?? 0) + (sent.statuses[202] ?? 0)
  return {
    requestsPerSecond: total / sent.seconds,
    mailsPerSecond: arrived / seconds,
    cpuMs: ((await cpuMs(pid)) - own) / total,
    postgresCpuMs: ((await treeCpuMs(postgres.pid)) - database) / total,
    lost: accepted - recipients,
    twice: arrived - recipients,
    refused: total - accepted,
  }
}

async function untilAllArrived(sendgrid, total) {
  let arrived = 0
  for (let waited = 0; waited < PATIENCE_MS; waited += 100) {
    const count = await sendgrid.call('count')
    if (count > arrived) waited = 0
    arrived = count
    if (arrived >= total) break
    await wait(100)
  }
  await wait(500) // a mail that is sent twice arrives a little later
  return sendgrid.call('summary')
}

function tableOf(results) {
  const head = [
    '',
    'requests/s',
    'mails/s',
    'CPU of the process, ms a mail',
    'CPU of PostgreSQL, ms a mail',
    'lost',
    'twice',
    'refused',
  ]
  const measured = ['requestsPerSecond', 'mailsPerSecond', 'cpuMs', 'postgresCpuMs']
  const counted = ['lost', 'twice', 'refused']
  const rows = Object.entries(results).map(([name, rounds]) => [
    name,
    ...measured.map((field) => range(spread(rounds.map((round) => round[field])))),
    ...counted.map((field) => sum(rounds, field)),
  ])
  return table(head, rows)
}

function targetsOf(rounds) {
  return [
    atLeast(300, 'mails a second', spread(rounds.map(({ mailsPerSecond }) => mailsPerSecond)).median),
    atMost(0, 'mails lost', sum(rounds, 'lost')),
    atMost(0, 'mails sent twice', sum(rounds, 'twice')),
  ]
}

function sum(rounds, field) {
  return rounds.reduce((total, round) => total + round[field], 0)
}
