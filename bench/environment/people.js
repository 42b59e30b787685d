// People with accounts, for the measurements that need their passwords.
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { fillTables } from './fill-tables.js'
import { post } from './latchkey.js'

export const PASSWORD = 'Correct-Horse-7'
const FIRST = 'first@example.com'

/**
 * Registers one person through the product's own routes, and then fills the tables with people who have the same stored
 * password: person.0@example.com, person.1@example.com, …
 */
export async function openAccounts(service, sendgrid, accounts, report) {
  await sendgrid.call('forget')
  await expectStatus(202, post(service, '/v1/register', { email: FIRST, password: PASSWORD }))
  while ((await sendgrid.call('count')) === 0) await wait(50)
  const [{ link }] = await sendgrid.call('mails')
  await expectStatus(200, post(service, '/v1/email/verify', { token: link.split('#token=')[1] }))
  await sendgrid.call('forget')
  await fillTables(service.databaseUrl, { accounts, passwordHash: await storedPassword(service.databaseUrl), report })
}

export function emailOf(number) {
  return `person.${number}@example.com`
}

async function storedPassword(databaseUrl) {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  const { rows } = await client.query('SELECT password_hash FROM accounts WHERE email = $1', [FIRST])
  await client.end()
  return rows[0].password_hash
}

/** @returns the tokens of a new session for each address */
export async function signIn(service, emails) {
  const sessions = []
  for (const email of emails) {
    const answer = await expectStatus(200, post(service, '/v1/login', { email, password: PASSWORD }))
    sessions.push(await answer.json())
  }
  return sessions
}

/** @returns the access token of a service client */
export async function serviceToken({ url }, { clientId, clientSecret }) {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
  })
  const answer = await expectStatus(200, fetch(`${url}/oauth/token`, { method: 'POST', body }))
  return (await answer.json()).access_token
}

/** What the payload of a token says. */
export function claimsOf(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
}

export async function expectStatus(status, request) {
  const answer = await request
  if (answer.status !== status) throw new Error(`${answer.url} answered ${answer.status}: ${await answer.text()}`)
  return answer
}
