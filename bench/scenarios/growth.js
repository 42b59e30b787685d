// The same routes with few accounts in the tables and with many.
import { startChild } from '../environment/child.js'
import { EVENTS_PER_ACCOUNT, SESSIONS_PER_ACCOUNT } from '../environment/fill-tables.js'
import { createClient, productionSettings, startLatchkey } from '../environment/latchkey.js'
import { untilMailsAreSent } from '../environment/mail-queue.js'
import { figure, interleave, log, ratioOf } from '../environment/measure.js'
import { claimsOf, emailOf, openAccounts, serviceToken, signIn } from '../environment/people.js'
import { contender, forgot, get, introspect, logInOfAnyone, readMe, refresh } from '../environment/requests.js'
import { atMost, range, table } from '../report/markdown.js'

const FEW = 1_000
const CONNECTIONS = 16
const SESSIONS = 256
const FORGOT = 'POST /v1/password/forgot'
/** A mailbox gets only a few such mails in an hour, and the few accounts must get as many as the others. */
const FORGOTS = 400

export async function growth({ postgres, sendgrid, plan }) {
  const many = plan.accounts
  const load = await startChild('load')
  const small = await setUp(postgres, sendgrid, 'few', FEW)
  const large = await setUp(postgres, sendgrid, 'many', many)
  const rows = []
  const targets = []
  for (const route of Object.keys(small.requests)) {
    log(route)
    await postgres.checkpoint()
    const limits = route === FORGOT ? { total: FORGOTS } : {}
    const contenders = [small, large].map(({ name, service, settle, requests }) => ({
      ...contender(load, name, service, requests[route], CONNECTIONS, limits),
      settle,
    }))
    const results = await interleave(contenders, { rounds: plan.rounds, seconds: plan.seconds / 2, postgres })
    const cells = ['p50', 'perSecond', 'postgresCpuMs'].flatMap((field) => [
      range(figure(results, 'few', field)),
      range(figure(results, 'many', field)),
    ])
    const ratio = ratioOf(results, 'many', 'few', 'p50')
    rows.push([route, ...cells, range(ratio)])
    targets.push(atMost(1.2, `${route}: median with ${grouped(many)} accounts ÷ with ${grouped(FEW)}`, ratio.median))
  }
  for (const part of [small, large]) await part.service.stop()
  await load.stop()
  const columns = ['p50, ms', 'requests/s', 'CPU of PostgreSQL, ms a request']
  const head = ['', ...columns.flatMap((column) => [`${column}: ${grouped(FEW)}`, grouped(many)]), 'p50: ratio']
  return {
    title: 'Growth',
    text:
      `Two databases on one server, measured in turn over ${CONNECTIONS} connections: one with ${grouped(FEW)} accounts and one with ${grouped(many)}, ` +
      `each with ${SESSIONS_PER_ACCOUNT} sessions and ${EVENTS_PER_ACCOUNT} events per account. Requests go to accounts all over the tables. Sign-in has ` +
      'bcrypt cost 10. A forgot includes sending its mail.',
    tables: [table(head, rows)],
    targets,
  }
}

async function setUp(postgres, sendgrid, name, accounts) {
  log(`${grouped(accounts)} accounts …`)
  const settings = productionSettings({
    databaseUrl: await postgres.createDatabase(`growth_${name}`, 'migrated'),
    sendgridUrl: sendgrid.url,
    BCRYPT_COST: '10',
    ACCESS_TOKEN_TTL: '86400',
  })
  const service = await startLatchkey(settings)
  await openAccounts(service, sendgrid, accounts, log)
  const numbers = Array.from({ length: SESSIONS }, (_, number) => Math.floor((number * accounts) / SESSIONS))
  const sessions = await signIn(service, numbers.map(emailOf))
  const client = await createClient(service, 'tokens:introspect', 'users:read', 'events:read')
  const support = await serviceToken(service, client)
  const list = (query) => [get(`/v1/admin/users${query}`, support)]
  return {
    name,
    service,
    requests: {
      'GET /v1/me': readMe(sessions),
      'POST /v1/token/refresh': refresh(sessions),
      'POST /oauth/introspect': introspect(sessions, client),
      'POST /v1/login': logInOfAnyone(accounts),
      [FORGOT]: forgot(accounts),
      'GET /v1/admin/users': list(''),
      'GET /v1/admin/users?emailPrefix=': list('?emailPrefix=person.{n}').map((request) => ({
        ...request,
        numbers: accounts,
      })),
      'GET /v1/admin/users?email=': list('?email=person.{n}@example.com').map((request) => ({
        ...request,
        numbers: accounts,
      })),
      'GET /v1/admin/users/:id/events': sessions.map(({ accessToken }) =>
        get(`/v1/admin/users/${claimsOf(accessToken).sub}/events`, support),
      ),
    },
    /** Waits until its mails have been sent. */
    settle: () => untilMailsAreSent(service.databaseUrl),
  }
}

function grouped(number) {
  return number.toLocaleString('en-US')
}
