// Mails: requests for reset instructions of verified accounts, until the last mail has arrived at the stand-in.
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { startChild } from '../environment/child.js'
import { fillTables } from '../environment/fill-tables.js'
import { productionSettings, startLatchkey } from '../environment/latchkey.js'
import { log } from '../environment/measure.js'
import { startBetterAuth } from '../environment/peers.js'
import { cpuMs, treeCpuMs } from '../environment/processes.js'
import { forgot, JSON_BODY } from '../environment/requests.js'
import { atLeast, atMost, digits, range, table } from '../report/markdown.js'
import { spread } from '../report/statistics.js'

const CONNECTIONS = 16
const ROUNDS = 3
/** How long the real SendGrid takes to accept a mail, about. */
const DELAYS_MS = [0, 100]
/** After this without a mail, the missing ones are lost. */
const PATIENCE_MS = 15_000

export async function mails({ postgres, sendgrid, plan }) {
  const stage = await setUp(postgres, sendgrid, plan.mails * ROUNDS * DELAYS_MS.length * 2)
  const tables = []
  const targets = []
  for (const delay of DELAYS_MS) {
    log(`mails, accepted after ${delay} ms`)
    await sendgrid.call('delay', delay)
    const results = { Latchkey: [], 'better-auth': [] }
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const name of Object.keys(results)) {
        results[name].push(await measure(stage[name], { ...stage, postgres, sendgrid, total: plan.mails }))
        log(`  ${name}: ${JSON.stringify(results[name].at(-1))}`)
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
      'mail. better-auth (`POST /api/auth/request-password-reset`) sends during the request and loses the mail if the process ends.',
    tables,
    targets,
  }
}

/** With an account for each request, because a mailbox gets only a few such mails in an hour. */
async function setUp(postgres, sendgrid, accounts) {
  const databaseUrl = await postgres.createDatabase('mails', 'migrated')
  await fillTables(databaseUrl, { accounts })
  const settings = productionSettings({ databaseUrl, sendgridUrl: sendgrid.url, BCRYPT_COST: '10' })
  const service = await startLatchkey(settings)
  const peer = await startBetterAuth({
    databaseUrl: await postgres.createDatabase('mails_better_auth'),
    sendgrid,
    bcryptCost: 10,
  })
  await fillPeer(peer.databaseUrl, accounts)
  const load = await startChild('load')
  const [request] = forgot(accounts)
  const peers = { ...request, path: '/api/auth/request-password-reset', headers: JSON_BODY }
  return {
    load,
    Latchkey: { ...service, request },
    'better-auth': { ...peer, request: peers },
    async stop() {
      for (const part of [service, peer, load]) await part.stop()
    },
  }
}

async function fillPeer(databaseUrl, accounts) {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  await client.query(
    `INSERT INTO "user" (id, name, email, "emailVerified", "createdAt", "updatedAt")
     SELECT md5(n::text), 'A person', 'person.' || n || '@example.com', true, now(), now() FROM generate_series(0, $1 - 1) n`,
    [accounts],
  )
  await client.query('VACUUM ANALYZE')
  await client.end()
}

async function measure({ url, pid, request }, { load, postgres, sendgrid, total }) {
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
  const rows = Object.entries(results).map(([name, rounds]) => [
    name,
    ...['requestsPerSecond', 'mailsPerSecond', 'cpuMs', 'postgresCpuMs'].map((field) =>
      range(spread(rounds.map((round) => round[field]))),
    ),
    ...['lost', 'twice', 'refused'].map((field) => sum(rounds, field)),
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
