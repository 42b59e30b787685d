// The yardstick: a Fastify server without any plugin, check, schema or log, whose routes run the statements of the service
// through `pg` and answer with JSON of the same size. The statements are the service's own, imported from dist. A route gets
// what the service takes out of a token (the session's id, the refresh counter, the client's id) in the clear. So it does not
// verify a signature or make one, and it computes no keyed hash.
import { randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import pg from 'pg'
import { readForIntrospection } from '../../dist/database/client-statements.js'
import { newId } from '../../dist/database/new-id.js'
import { readLiveSession, rotateRefreshToken } from '../../dist/database/session-statements.js'
import { queueMail } from '../../dist/domain/mails/queue-mail.js'
import { offer, settings } from '../environment/child.js'

const { databaseUrl } = settings()
/** The service's own default. */
const pool = new pg.Pool({ connectionString: databaseUrl, max: 20 })
const app = Fastify()

/** As long as an access token and a refresh token of the service. */
const ACCESS_TOKEN = 'a'.repeat(settings().accessTokenLength)
const REFRESH_TOKEN = 'r'.repeat(settings().refreshTokenLength)

app.post('/refresh', async (request) => {
  const { sessionId, counter } = request.body
  const session = await rotateRefreshToken(pool, {
    sessionId,
    counter,
    now: new Date(),
    reuseWindowSeconds: 30,
    eventId: newId(),
    origin: { ip: request.ip, userAgent: null, requestId: newId() },
    network: 'bare',
  })
  const tokens = { accessToken: ACCESS_TOKEN, refreshToken: REFRESH_TOKEN, tokenType: 'Bearer', expiresIn: 300 }
  return { ...tokens, refreshExpiresAt: session.expiresAt, counter: session.refreshCounter }
})

app.get('/me', async (request) => {
  const { account } = await readLiveSession(pool, request.query.session, new Date())
  return account
})

app.post('/introspect', async (request) => {
  const { clientId, sessionId } = request.body
  const row = await readForIntrospection(pool, {
    caller: { clientId, tokenId: null },
    subject: { sessionId, clientId: null, tokenId: null },
    now: new Date(),
  })
  const { accountId, credentialVersion, authenticatedAt, expiresAt } = row.session
  return {
    active: true,
    iss: 'https://accounts.product.example',
    aud: 'https://accounts.product.example',
    sub: accountId,
    client_id: clientId,
    token_type: 'Bearer',
    iat: authenticatedAt.getTime(),
    exp: expiresAt.getTime(),
    auth_time: authenticatedAt.getTime(),
    jti: sessionId,
    sid: sessionId,
    credential_version: credentialVersion,
  }
})

/** The row of the mail and the job that sends it, in one statement. Nothing sends the mail. */
app.post('/forgot', async (request, reply) => {
  const { email } = request.body
  const receipt = randomBytes(7).toString('hex')
  const origin = { ip: request.ip, userAgent: null, requestId: newId(), acceptLanguage: null }
  const to = { email, address: email }
  await queueMail(pool, { request: 'reset_password', to, receipt, origin, now: new Date() })
  return reply.code(202).send({ status: 'accepted', receipt })
})

await app.listen({ host: '127.0.0.1', port: 0 })
offer({ url: `http://127.0.0.1:${app.server.address().port}` })
