// The yardstick: a Fastify server without any plugin, check, schema or log, whose routes run the statements of the service
// through `pg` and answer with JSON of the same size. The statements are the service's own, imported from dist where they
// are exported. A route gets what the service takes out of a token (the session's id, the refresh counter, the client's id)
// in the clear; so it does not verify a signature or make one, and it computes no keyed hash.
import { randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { readForIntrospection } from '../../dist/database/client-statements.js'
import { readLiveSession, rotateRefreshToken } from '../../dist/database/session-statements.js'
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
    event: { id: uuidv7(), ip: request.ip, userAgent: null, requestId: uuidv7() },
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

/** The row of the mail and the job that sends it, in one transaction. Nothing sends the mail. */
app.post('/forgot', async (request, reply) => {
  const { email } = request.body
  const receipt = randomBytes(9).toString('base64url')
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const id = uuidv7()
    const context = { at: new Date().toISOString(), ip: request.ip, userAgent: null, requestId: uuidv7(), locales: [] }
    await client.query({
      name: 'mail',
      text: INSERT_MAIL,
      values: [id, email, receipt, context, request.ip, new Date()],
    })
    const { rows } = await client.query({ name: 'waiting', text: COUNT_WAITING, values: [request.ip, id] })
    const payload = { mailId: id }
    await client.query({ name: 'job', text: ADD_JOB, values: [payload, `mail ${id}`, rows[0].waiting] })
    await client.query('COMMIT')
  } finally {
    client.release()
  }
  return reply.code(202).send({ receipt })
})

const INSERT_MAIL = `INSERT INTO mails (id, request, email, address, receipt, context, network, queued_at, state_at)
  VALUES ($1, 'reset_password', $2, $2, $3, $4, $5, $6, $6)`
const COUNT_WAITING = `SELECT count(*)::int AS waiting FROM (
  SELECT 1 FROM mails WHERE network = $1 AND state = 'queued' AND request = 'reset_password' AND id <> $2 LIMIT 1000) AS line`
const ADD_JOB = `SELECT graphile_worker.add_job('send_reset_mail', $1::json, job_key := $2, priority := $3,
  run_at := now() + interval '1 hour', max_attempts := 30000)`

await app.listen({ host: '127.0.0.1', port: 0 })
offer({ url: `http://127.0.0.1:${app.server.address().port}` })
