import { readFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { SCOPES, type Scope } from '../../src/domain/scopes.ts'
import '../support/matchers.ts'
import { startTestApp } from '../support/test-app.ts'

const { app, api, people, serviceToken } = await startTestApp()
await app.ready()

const ID = '0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c55'

/** The scope that each route for Support requires. A route that is missing here fails the first test. */
const required: Readonly<Record<string, Scope>> = {
  'GET /v1/admin/users': 'users:read',
  'GET /v1/admin/users/:id': 'users:read',
  'POST /v1/admin/users': 'users:write',
  'PATCH /v1/admin/users/:id': 'users:write',
  'DELETE /v1/admin/users/:id': 'users:delete',
  'POST /v1/admin/users/:id/password-reset': 'users:write',
  'DELETE /v1/admin/users/:id/sessions': 'users:write',
  'GET /v1/admin/addresses/:email': 'addresses:read',
  'DELETE /v1/admin/addresses/:email/lock': 'addresses:unlock',
  'DELETE /v1/admin/addresses/:email/suppression': 'mail:write',
  'DELETE /v1/admin/users/:id/revert-links': 'users:write',
  'GET /v1/admin/addresses/:email/mail': 'mail:read',
  'GET /v1/admin/users/:id/mail': 'mail:read',
  'GET /v1/admin/receipts/:receipt': 'mail:read',
  'GET /v1/admin/users/:id/events': 'events:read',
  'GET /v1/admin/events/export': 'events:read',
  'GET /v1/admin/security-events': 'events:read',
  'POST /v1/admin/security-events/:id/replay': 'events:replay',
}

/** Every route of the app, including those that are hidden from the documentation. */
function routesOf(printed: string): string[] {
  const open: string[] = []
  return printed.split('\n').flatMap((line) => {
    const match = /^(.*?)[├└]── (\S+)(?: \(([A-Z, ]+)\))?$/.exec(line)
    if (!match) return []
    const [, indent = '', part = '', methods = ''] = match
    open.splice(indent.length / 4, open.length, part)
    const path = open.join('')
    return methods === '' ? [] : methods.split(', ').map((method) => `${method} ${path}`)
  })
}

const adminRoutes = routesOf(app.printRoutes({ commonPrefix: false })).filter(
  (route) => route.includes(' /v1/admin') && !route.startsWith('HEAD '),
)

function ask(route: string, token?: string) {
  const [method = '', path = ''] = route.split(' ')
  const url = path.replace(':id', ID).replace(':email', 'nobody@example.com').replace(':receipt', '0000-0000-0000')
  return api.call(method, url, undefined, token === undefined ? {} : { token })
}

test('every route under /v1/admin has its place in the matrix', () => {
  expect(adminRoutes.sort()).toEqual(Object.keys(required).sort())
})

test('docs/integrating.md names the scope of every route under /v1/admin', async () => {
  const document = await readFile('docs/integrating.md', 'utf8')
  const rows = [...document.matchAll(/^\| `(\w+ \/v1\/admin\S+)` \| `([\w:]+)` \|$/gm)]

  const documented = Object.fromEntries(
    rows.map(([, route = '', scope]) => [route.replace(/\{(\w+)\}/g, ':$1'), scope]),
  )

  expect(documented).toEqual(required)
})

const scopes = Object.keys(SCOPES) as Scope[]
const tokens = new Map(await Promise.all(scopes.map(async (scope) => [scope, await serviceToken(scope)] as const)))

test.each(adminRoutes.flatMap((route) => scopes.map((scope) => [route, scope] as const)))(
  '%s with the scope %s',
  async (route, scope) => {
    const answer = await ask(route, tokens.get(scope))

    if (scope === required[route]) expect([401, 403, 500]).not.toContain(answer.status)
    else {
      expect(answer).toRefuse('insufficient_scope')
      expect(answer.headers['www-authenticate']).toBe(`Bearer error="insufficient_scope", scope="${required[route]}"`)
    }
  },
)

test('every scope but the desk’s own at once opens no route of it', async () => {
  for (const route of adminRoutes) {
    const others = scopes.filter((scope) => scope !== required[route])
    expect(await ask(route, await serviceToken(...others))).toRefuse('insufficient_scope')
  }
})

test.each(adminRoutes)('%s is closed without a token, to a person, and to a made-up token', async (route) => {
  const ada = await people.verified()

  expect(await ask(route)).toRefuse('unauthenticated')
  expect(await ask(route, ada.token)).toRefuse('unauthenticated')
  expect(await ask(route, 'made.up.token')).toRefuse('unauthenticated')
})
