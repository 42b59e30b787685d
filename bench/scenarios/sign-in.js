// Sign-in against bare bcrypt, and against better-auth and Ory Kratos.

import { startChild } from '../environment/child.js'
import { productionSettings, startLatchkey } from '../environment/latchkey.js'
import { comparison, cpuAside, interleave, log, ratioOf } from '../environment/measure.js'
import { startPeers } from '../environment/peers/start-peers.js'
import { emailOf, openAccounts } from '../environment/people.js'
import { contender, logIn } from '../environment/requests.js'
import { atLeast } from '../report/markdown.js'

/** So many that nobody reaches the limit of sessions, above which a sign-in also ends the oldest. */
const PEOPLE = 256
/** The others have no such limit. */
const PEERS_PEOPLE = 32
const CONNECTIONS = 16

export async function signIn({ postgres, sendgrid, plan }) {
  const load = await startChild('load')
  const bcrypt = await startChild('bare-bcrypt')
  const tables = []
  const targets = []
  for (const cost of plan.bcryptCosts) {
    log(`sign-in, cost ${cost}`)
    const results = await measureCost(cost, { postgres, sendgrid, plan, load, bcrypt })
    tables.push(`**bcrypt cost ${cost}**`, comparison(results))
    const name = `sign-in, cost ${cost}: sign-ins/s ÷ bare bcrypt`
    const aside = cpuAside(results, 'Latchkey', 'bare bcrypt')
    targets.push(atLeast(0.97, name, ratioOf(results, 'Latchkey', 'bare bcrypt', 'perSecond').median, { aside }))
  }
  await load.stop()
  await bcrypt.stop()
  return {
    title: 'Sign-in',
    text:
      `\`POST /v1/login\` with the right password over ${CONNECTIONS} connections, ${PEOPLE} people. *Bare bcrypt* is a process that ` +
      'only compares passwords, with as many threads as there are cores: it needs no client and no database, which use the same ' +
      'cores while the service is measured. *better-auth* is `POST /api/auth/sign-in/email`, with the same bcrypt package and ' +
      'cost. *Ory Kratos* takes two requests, which count as one sign-in: `GET /self-service/login/api` and `POST /self-service/login`.',
    tables,
    targets,
  }
}

async function measureCost(cost, { postgres, sendgrid, plan, load, bcrypt }) {
  const name = `sign_in_${cost}`
  const settings = productionSettings({
    databaseUrl: await postgres.createDatabase(name, 'migrated'),
    sendgridUrl: sendgrid.url,
    BCRYPT_COST: String(cost),
  })
  const service = await startLatchkey(settings)
  const peers = await startPeers({ postgres, sendgrid, plan }, { scenario: name, bcryptCost: cost })
  try {
    await openAccounts(service, sendgrid, PEOPLE)
    const emails = Array.from({ length: PEOPLE }, (_, number) => emailOf(number))
    for (const peer of peers) await peer.openAccounts(PEERS_PEOPLE)
    const peersEmails = emails.slice(0, PEERS_PEOPLE)
    const contenders = [
      contender(load, 'Latchkey', service, logIn(emails), CONNECTIONS),
      { name: 'bare bcrypt', pid: bcrypt.pid, run: (seconds) => bcrypt.call('run', { cost, seconds }) },
      ...peers.map((peer) => contender(load, peer.name, peer, peer.signInRequests(peersEmails), CONNECTIONS)),
    ]
    const seconds = plan.seconds * 2 // there are few sign-ins in a second
    return await interleave(contenders, { rounds: plan.rounds, seconds, postgres })
  } finally {
    await service.stop()
    for (const peer of peers) await peer.stop()
  }
}
