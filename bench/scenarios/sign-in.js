// Sign-in against bare bcrypt and better-auth.

import { startChild } from '../environment/child.js'
import { productionSettings, startLatchkey } from '../environment/latchkey.js'
import { comparison, interleave, log, ratioOf } from '../environment/measure.js'
import { startBetterAuth } from '../environment/peers.js'
import { emailOf, openAccounts, PASSWORD } from '../environment/people.js'
import { contender, JSON_BODY, logIn, post } from '../environment/requests.js'
import { atLeast } from '../report/markdown.js'

/** So many that nobody reaches the limit of sessions, above which a sign-in also ends the oldest. */
const PEOPLE = 256
/** better-auth has no such limit. */
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
    targets.push(
      atLeast(
        0.97,
        `sign-in, cost ${cost}, of bare bcrypt`,
        ratioOf(results, 'Latchkey', 'bare bcrypt', 'perSecond').median,
      ),
    )
  }
  await load.stop()
  await bcrypt.stop()
  return {
    title: 'Sign-in',
    text:
      `\`POST /v1/login\` with the right password over ${CONNECTIONS} connections, ${PEOPLE} people. *Bare bcrypt* is a process that ` +
      'only compares passwords, with as many threads as there are cores: it needs no client and no database, which use the same ' +
      'cores while the service is measured. *better-auth* is `POST /api/auth/sign-in/email`, with the same bcrypt package and cost.',
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
  const peer = await startBetterAuth({
    databaseUrl: await postgres.createDatabase(`${name}_better_auth`),
    sendgrid,
    bcryptCost: cost,
  })
  try {
    await openAccounts(service, sendgrid, PEOPLE)
    const emails = Array.from({ length: PEOPLE }, (_, number) => emailOf(number))
    await peer.signUp(emails.slice(0, PEERS_PEOPLE))
    const peers = emails
      .slice(0, PEERS_PEOPLE)
      .map((email) => post('/api/auth/sign-in/email', JSON_BODY, { email, password: PASSWORD }))
    const contenders = [
      contender(load, 'Latchkey', service, logIn(emails), CONNECTIONS),
      { name: 'bare bcrypt', pid: bcrypt.pid, run: (seconds) => bcrypt.call('run', { cost, seconds }) },
      contender(load, 'better-auth', peer, peers, CONNECTIONS),
    ]
    const seconds = plan.seconds * 2 // there are few sign-ins in a second
    return await interleave(contenders, { rounds: plan.rounds, seconds, postgres })
  } finally {
    await service.stop()
    await peer.stop()
  }
}
