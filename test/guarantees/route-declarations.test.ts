import { expect, test } from '@jest/globals'
import Fastify, { type RouteShorthandOptions } from 'fastify'
import { requireDeclarations } from '../../src/http/route-declaration.ts'
import '../support/matchers.ts'
import { occupyLane } from '../support/occupied-lane.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, deps } = await startTestApp()

test('while the queue for hashing is full, routes that hash are refused and the password checklist is not', async () => {
  const leaveLane = occupyLane(deps)

  const signIn = await api.post('/v1/login', { email: 'ada@example.com', password: 'Wrong-Horse-7' })
  const checklist = await api.post('/v1/password/check', { password: 'short' })
  await leaveLane()

  expect(signIn).toRefuse('overloaded')
  expect(checklist).toHaveStatus(200)
  expect(checklist.body.acceptable).toBe(false)
})

function declare(options: RouteShorthandOptions): () => void {
  const app = Fastify()
  requireDeclarations(app)
  return () => void app.get('/v1/example', options, async () => ({}))
}

test('a route that does not say who may call it stops the start', () => {
  expect(declare({ schema: {} })).toThrow('GET /v1/example does not say who may call it')
})

test('a route that states its security scheme or an error response beside its declaration stops the start', () => {
  const message = 'GET /v1/example must declare its caller and refusals in its config only'

  expect(declare({ config: { caller: 'public' }, schema: { security: [{ bearer: [] }] } })).toThrow(message)
  expect(declare({ config: { caller: 'account' }, schema: { response: { 401: {} } } })).toThrow(message)
  expect(declare({ config: { caller: 'client', refusals: [], oauthErrors: [] } })).toThrow(message)
  expect(declare({ config: { caller: 'account', refusals: ['wrong_password'] } })).not.toThrow()
})
