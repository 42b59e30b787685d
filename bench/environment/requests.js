// The requests to the service that several scenarios send. What the fields mean: ../processes/load.js.
import { PASSWORD } from './people.js'

export const JSON_BODY = { 'content-type': 'application/json' }
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
/** Each request comes from another network, because attempts and mails are counted by network. */
const FROM_ANYWHERE = { ...JSON_BODY, 'x-forwarded-for': '{ip}' }

export function post(path, headers, body, more = {}) {
  return { path, method: 'POST', headers, body, ...more }
}

export function readMe(sessions) {
  return sessions.map(({ accessToken }) => get('/v1/me', accessToken))
}

export function get(path, accessToken) {
  return { path, headers: { authorization: `Bearer ${accessToken}` } }
}

/** Each request sends the token that the last one of its session returned. */
export function refresh(sessions) {
  const carry = ['refreshToken']
  return sessions.map(({ refreshToken }) => post('/v1/token/refresh', JSON_BODY, { refreshToken }, { carry }))
}

export function introspect(sessions, { clientId, clientSecret }) {
  const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`
  return sessions.map(({ accessToken }) =>
    post('/oauth/introspect', { ...FORM, authorization: basic }, `token=${accessToken}`),
  )
}

/** Sign-ins of these people, or of all people in the tables, one after the other. */
export function logIn(emails) {
  return emails.map((email) => post('/v1/login', FROM_ANYWHERE, { email, password: PASSWORD }))
}

export function logInOfAnyone(accounts) {
  return [
    post('/v1/login', FROM_ANYWHERE, { email: 'person.{n}@example.com', password: PASSWORD }, { numbers: accounts }),
  ]
}

/** Requests for reset instructions, each for another account of the tables. */
export function forgot(accounts) {
  return [post('/v1/password/forgot', FROM_ANYWHERE, { email: 'person.{n}@example.com' }, { numbers: accounts })]
}

/**
 * Something that is measured against others: a server, and the requests that are sent to it over `connections`.
 *
 * @param {{ call: Function }} load the load generator
 * @param {{ pid: number, url: string }} server
 * @param {{ total?: number }} limits the most requests of one measurement
 */
export function contender(load, name, { pid, url }, requests, connections, limits = {}) {
  let current = requests
  return {
    name,
    pid,
    async run(seconds) {
      const result = await load.call('run', { url, requests: current, connections, seconds, ...limits })
      // A request without a body comes back with null. As a body that would be sent, and would close the connection of a GET.
      current = current.map((request, index) => ({ ...request, body: result.bodies[index] ?? undefined }))
      const isRefused = Object.keys(result.statuses).some((status) => !status.startsWith('2'))
      if (isRefused) throw new Error(`${name} answered ${JSON.stringify(result.statuses)}`)
      return result
    },
  }
}
