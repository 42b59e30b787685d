// better-auth, a library for TypeScript, as its documentation sets it up: email and password on PostgreSQL through `pg`,
// behind Node's HTTP server. Its rate limits are off, and it hashes with the same bcrypt package and cost as the service.

import { once } from 'node:events'
import { createServer } from 'node:http'
import bcrypt from 'bcrypt'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import pg from 'pg'
import { Pool } from 'undici'
import { offer, settings } from '../environment/child.js'

const { databaseUrl, sendgridUrl, bcryptCost } = settings()
const sendgrid = new Pool(sendgridUrl, { connections: 20 })

const server = createServer()
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const url = `http://127.0.0.1:${server.address().port}`

const auth = betterAuth({
  baseURL: url,
  secret: 'a secret for a measurement only, 32 bytes or more',
  database: new pg.Pool({ connectionString: databaseUrl, max: 20 }),
  rateLimit: { enabled: false },
  logger: { level: 'error' },
  telemetry: { enabled: false },
  session: { updateAge: 0 }, // each check of a session extends it, unless the request says `disableRefresh`
  emailAndPassword: {
    enabled: true,
    password: {
      hash: (password) => bcrypt.hash(password, bcryptCost),
      verify: ({ password, hash }) => bcrypt.compare(password, hash),
    },
    sendResetPassword: ({ user, url: link }) => sendMail(user.email, link),
  },
})
const { runMigrations } = await getMigrations(auth.options)
await runMigrations()
server.on('request', toNodeHandler(auth))

/** A mail about as long as the service's, in the form that SendGrid takes. */
async function sendMail(email, link) {
  const text = `Somebody asked to reset your password.\n\n${link}\n\n${'x'.repeat(600)}`
  const html = `<p><a href="${link}">Choose a new password</a></p>${'x'.repeat(6_000)}`
  const body = JSON.stringify({
    personalizations: [{ to: [{ email }] }],
    from: { email: 'support@product.example', name: 'Bench' },
    subject: 'Reset your password',
    content: [
      { type: 'text/plain', value: text },
      { type: 'text/html', value: html },
    ],
  })
  const headers = { 'content-type': 'application/json', authorization: 'Bearer SG.bench' }
  const answer = await sendgrid.request({ path: '/v3/mail/send', method: 'POST', headers, body })
  await answer.body.dump()
}

offer({ url })
