// The routes that hash no password, against bare Fastify routes with the same statements and against better-auth and Ory
// Kratos.
import { startChild } from '../environment/child.js'
import { createClient, NODE_OPTIONS, productionSettings, startLatchkey } from '../environment/latchkey.js'
import { comparison, cpuAside, interleave, log, ratioOf } from '../environment/measure.js'
import { startPeers } from '../environment/peers/start-peers.js'
import { claimsOf, emailOf, openAccounts, signIn } from '../environment/people.js'
import { contender, forgot, introspect, JSON_BODY, post, readMe, refresh } from '../environment/requests.js'
import { atLeast } from '../report/markdown.js'

const CONNECTIONS = 16
/** Addresses that ask for reset instructions. */
const MAILBOXES = 1_000_000
/** Each connection has a session of its own: requests that refresh the same one would wait for its row lock. */
const EMAILS = Array.from({ length: CONNECTIONS }, (_, number) => emailOf(number))

export async function routes({ postgres, sendgrid, plan }) {
  const stage = await setUp({ postgres, sendgrid, plan })
  const tables = []
  const targets = []
  for (const [route, contenders] of Object.entries(contendersOf(stage))) {
    log(route)
    await postgres.checkpoint()
    const { rounds, seconds } = plan
    const results = await interleave(contenders, { rounds, seconds, postgres })
    tables.push(`**${route}**`, comparison(results))
    const peers = stage.peers.filter(({ name }) => results.has(name))
    for (const [limit, name] of [[0.7, 'bare'], ...peers.map((peer) => [1, peer.name])]) {
      const ratio = ratioOf(results, 'Latchkey', name, 'perSecond').median
      const aside = cpuAside(results, 'Latchkey', name)
      targets.push(atLeast(limit, `${route}: requests/s ÷ ${name}`, ratio, { aside }))
    }
  }
  await stage.stop()
  return {
    title: 'Routes without a password hash',
    text: TEXT,
    tables,
    targets,
  }
}

const TEXT = [
  `Each over ${CONNECTIONS} connections with a session of their own, the log as shipped (written to /dev/null), limits off.`,
  '*Bare* is `bench/processes/bare-routes.js`: Fastify without plugins, schemas, checks or log, in a process of its own on a copy of ' +
    'the database, with the same size of pool. It runs the same statements through `pg` and answers with JSON of about the same size. ' +
    'It gets the ids that the service takes out of tokens in the clear: it verifies and signs nothing.',
  '*better-auth* runs with its limits off. Its session check is `GET /api/auth/get-session?disableRefresh=true` with a cookie, which ' +
    'reads the session and its user from the database; its nearest relative of a refresh is `GET /api/auth/get-session` with ' +
    '`updateAge: 0`, which extends the session in the database without a new token.',
  '*Ory Kratos* (only with `--kratos`): `GET /sessions/whoami`, and `PATCH /admin/sessions/:id/extend` as the nearest relative of a refresh.',
  'Neither of them has introspection: their session check stands beside it.',
  'Forgot: here nothing sends the mails, neither in the service (`--role api`) nor behind the bare route; with their mails they are ' +
    'compared under *Mails*.',
].join('\n\n')

async function setUp({ postgres, sendgrid, plan }) {
  const databaseUrl = await postgres.createDatabase('routes', 'migrated')
  const settings = productionSettings({
    databaseUrl,
    sendgridUrl: sendgrid.url,
    BCRYPT_COST: '10',
    ACCESS_TOKEN_TTL: '86400',
  })
  const beginning = await startLatchkey(settings)
  await openAccounts(beginning, sendgrid, CONNECTIONS)
  const sessions = await signIn(beginning, EMAILS)
  const client = await createClient(beginning, 'tokens:introspect')
  await beginning.stop()
  const bareUrl = await postgres.createDatabase('routes_bare', 'routes')
  const apiUrl = await postgres.createDatabase('routes_api', 'routes')

  const service = await startLatchkey(settings)
  const api = await startLatchkey({ ...settings, DATABASE_URL: apiUrl }, '--role', 'api')
  const bare = await startChild(
    'bare-routes',
    {
      databaseUrl: bareUrl,
      accessTokenLength: sessions[0].accessToken.length,
      refreshTokenLength: sessions[0].refreshToken.length,
    },
    { nodeOptions: NODE_OPTIONS },
  )
  const peers = await startPeers({ postgres, sendgrid, plan }, { scenario: 'routes', bcryptCost: 10 })
  for (const peer of peers) {
    await peer.openAccounts(CONNECTIONS)
    peer.sessions = await peer.signIn(EMAILS)
  }
  const load = await startChild('load')
  return {
    service,
    api,
    bare,
    peers,
    load,
    sessions,
    client,
    async stop() {
      for (const part of [service, api, bare, ...peers, load]) await part.stop()
    },
  }
}

function contendersOf({ service, api, bare, peers, load, sessions, client }) {
  const of = (name, server, requests) => contender(load, name, server, requests, CONNECTIONS)
  const ids = sessions.map(({ accessToken }) => claimsOf(accessToken).sid)
  const bareMe = ids.map((id) => ({ path: `/me?session=${id}` }))
  const bareRefresh = ids.map((sessionId) =>
    post('/refresh', JSON_BODY, { sessionId, counter: 1 }, { carry: ['counter'] }),
  )
  const { clientId } = client
  const bareIntrospect = ids.map((sessionId) => post('/introspect', JSON_BODY, { clientId, sessionId }))
  const bareForgot = post('/forgot', JSON_BODY, { email: 'person.{n}@example.com' })
  const checks = peers.map((peer) => of(peer.name, peer, peer.checkRequests(peer.sessions)))
  const extensions = peers.map((peer) =>
    of(peer.name, { ...peer, url: peer.extensionUrl }, peer.extensionRequests(peer.sessions)),
  )
  return {
    'GET /v1/me': [of('Latchkey', service, readMe(sessions)), of('bare', bare, bareMe), ...checks],
    'POST /v1/token/refresh': [
      of('Latchkey', service, refresh(sessions)),
      of('bare', bare, bareRefresh),
      ...extensions,
    ],
    'POST /oauth/introspect': [
      of('Latchkey', service, introspect(sessions, client)),
      of('bare', bare, bareIntrospect),
      ...checks,
    ],
    'POST /v1/password/forgot': [of('Latchkey', api, forgot(MAILBOXES)), of('bare', bare, [bareForgot])],
  }
}
