import { subscribe } from 'node:diagnostics_channel'
import { expect, test } from '@jest/globals'
import type { FastifyInstance } from 'fastify'
import { v7 as uuidv7 } from 'uuid'
import { SCOPES, type Scope } from '../../src/domain/scopes.ts'
import '../support/matchers.ts'
import { startTestApp } from '../support/test-app.ts'

const registered = new Set<string>()
// Before anything else is registered, so that no route can be missed, also one that openapi.yaml does not describe.
subscribe('fastify.initialization', (message) => {
  const { fastify } = message as { fastify: FastifyInstance }
  fastify.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) if (one !== 'HEAD') registered.add(`${one} ${url}`)
  })
})
const { api, people, serviceToken } = await startTestApp()

type Caller = 'nobody' | 'garbage' | 'a person' | 'a service' | 'a service without the scope'
type Outcome = 401 | 403 | 'let in'
type Rule = Readonly<Record<Caller, Outcome>> & { scope?: Scope }

const ANYBODY: Rule = rule('let in', 'let in', 'let in', 'let in', 'let in')
const HOLDER: Rule = rule(401, 401, 'let in', 401, 401)
/** The route requires the client's id and secret. No bearer token is accepted. */
const CLIENT: Rule = rule(401, 401, 401, 401, 401)

const ANY_SERVICE: Rule = rule(401, 401, 401, 'let in', 'let in')
/** The route requires SendGrid's signature on the body. Tokens are ignored. */
const SIGNED: Rule = CLIENT
const SERVICE = (scope: Scope): Rule => ({ ...rule(401, 401, 401, 'let in', 403), scope })

/** Who may call each route. A route that is missing here fails the first test. */
const TABLE: Readonly<Record<string, Rule>> = {
  'POST /v1/register': ANYBODY,
  'POST /v1/email/verify': ANYBODY,
  'POST /v1/email/verify/check': ANYBODY,
  'POST /v1/email/verify/resend': ANYBODY,
  'POST /v1/login': ANYBODY,
  'POST /v1/token/refresh': ANYBODY,
  'POST /v1/logout': HOLDER,
  'GET /v1/me': HOLDER,
  'PATCH /v1/me': HOLDER,
  'GET /v1/sessions': HOLDER,
  'DELETE /v1/sessions/:id': HOLDER,
  'DELETE /v1/sessions': HOLDER,
  'POST /v1/reauthenticate': HOLDER,
  'POST /v1/email/change': HOLDER,
  'GET /v1/email/change': HOLDER,
  'DELETE /v1/email/change': HOLDER,
  'POST /v1/email/change/confirm': ANYBODY,
  'POST /v1/email/change/confirm/check': ANYBODY,
  'POST /v1/email/change/revert': ANYBODY,
  'POST /v1/email/change/revert/check': ANYBODY,
  'POST /v1/password/change': HOLDER,
  'POST /v1/password/forgot': ANYBODY,
  'POST /v1/password/reset/check': ANYBODY,
  'POST /v1/password/reset': ANYBODY,
  'GET /v1/password/policy': ANYBODY,
  'POST /v1/password/check': ANYBODY,
  'POST /oauth/token': CLIENT,
  'POST /oauth/introspect': SERVICE('tokens:introspect'),
  'POST /oauth/revoke': ANY_SERVICE,
  'GET /.well-known/jwks.json': ANYBODY,
  'GET /.well-known/oauth-authorization-server': ANYBODY,
  'GET /v1/admin/users': SERVICE('users:read'),
  'GET /v1/admin/users/:id': SERVICE('users:read'),
  'POST /v1/admin/users': SERVICE('users:write'),
  'PATCH /v1/admin/users/:id': SERVICE('users:write'),
  'DELETE /v1/admin/users/:id': SERVICE('users:delete'),
  'POST /v1/admin/users/:id/password-reset': SERVICE('users:write'),
  'DELETE /v1/admin/users/:id/sessions': SERVICE('users:write'),
  'GET /v1/admin/addresses/:email': SERVICE('addresses:read'),
  'DELETE /v1/admin/addresses/:email/lock': SERVICE('addresses:unlock'),
  'GET /v1/admin/users/:id/mail': SERVICE('mail:read'),
  'GET /v1/admin/receipts/:receipt': SERVICE('mail:read'),
  'GET /v1/admin/users/:id/events': SERVICE('events:read'),
  'GET /v1/admin/events/export': SERVICE('events:read'),
  'GET /v1/admin/security-events': SERVICE('events:read'),
  'POST /v1/admin/security-events/:id/replay': SERVICE('events:replay'),
  'DELETE /v1/admin/addresses/:email/suppression': SERVICE('mail:write'),
  'DELETE /v1/admin/users/:id/revert-links': SERVICE('users:write'),
  'GET /v1/admin/addresses/:email/mail': SERVICE('mail:read'),
  'POST /v1/webhooks/sendgrid': SIGNED,
  'GET /health/live': ANYBODY,
  'GET /health/ready': ANYBODY,
  'GET /metrics': ANYBODY,
  'GET /openapi.yaml': ANYBODY,
}

function rule(nobody: Outcome, garbage: Outcome, person: Outcome, service: Outcome, unscoped: Outcome): Rule {
  return {
    nobody,
    garbage,
    'a person': person,
    'a service': service,
    'a service without the scope': unscoped,
  }
}

async function tokenOf(caller: Caller, { scope }: Rule): Promise<string | undefined> {
  const all = Object.keys(SCOPES) as Scope[]
  switch (caller) {
    case 'nobody':
      return undefined
    case 'garbage':
      return 'garbage'
    case 'a person':
      return (await people.verified()).token
    case 'a service':
      return serviceToken(...(scope ? [scope] : all))
    case 'a service without the scope':
      return serviceToken(...all.filter((other) => other !== (scope ?? 'users:delete')))
  }
}

test('the table names every route there is, and no other', () => {
  const routes = [...registered].filter((route) => !/^\w+ \/docs\b/.test(route)) // pages for people, from a plugin

  expect(Object.keys(TABLE).sort()).toEqual(routes.sort())
})

test.each(Object.entries(TABLE))('%s', async (route, allowed) => {
  const [method = '', path = ''] = route.split(' ')
  const callers = Object.keys(allowed).filter((key) => key !== 'scope') as Caller[]

  const outcomes: Partial<Record<Caller, Outcome>> = {}
  for (const caller of callers) {
    const token = await tokenOf(caller, allowed)
    const url = path.replace(/:\w+/g, uuidv7())
    const body = method === 'POST' || method === 'PATCH' ? {} : undefined
    const form = path === '/oauth/token' ? { grant_type: 'client_credentials' } : { token: 'some-token' }
    const send = path.startsWith('/oauth/') ? api.form(path, form, options(token)) : null
    const answer = await (send ?? api.call(method, url, body, options(token)))
    expect(answer.status).toBeLessThan(500)
    outcomes[caller] = answer.status === 401 || answer.status === 403 ? answer.status : 'let in'
  }

  expect(outcomes).toEqual(Object.fromEntries(callers.map((caller) => [caller, allowed[caller]])))
})

function options(token: string | undefined) {
  return token === undefined ? {} : { token }
}
