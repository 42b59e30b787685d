import { expect, test } from '@jest/globals'
import '../../support/matchers.ts'
import { HOME } from '../../support/api.ts'
import { eventsOf } from '../../support/audit.ts'
import type { Person } from '../../support/people.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, deps, people } = await startTestApp()

const refreshFrom = (refreshToken: string, ip: string) => api.post('/v1/token/refresh', { refreshToken }, { ip })

async function sharedRefreshesOf(person: Person) {
  const { accountId } = await deps.db.session.findUniqueOrThrow({ where: { id: person.tokens.sessionId } })
  return eventsOf(deps, 'session.refresh_shared', accountId)
}

test('a refresh within the reuse window from another network is an audit event, and gets the same successor', async () => {
  const ada = await people.verified()
  const { refreshToken, sessionId } = ada.tokens
  const first = await refreshFrom(refreshToken, HOME)

  const second = await refreshFrom(refreshToken, '203.0.113.9')

  expect(second).toHaveStatus(200)
  expect(second.body.refreshToken).toBe(first.body.refreshToken)
  expect(await sharedRefreshesOf(ada)).toMatchObject([
    { outcome: 'success', sessionId, ip: '203.0.113.9', requestId: second.headers['x-request-id'] },
  ])
})

test('two tabs or a lost answer, which refresh again from the same network, are no event', async () => {
  const ada = await people.verified()
  const { refreshToken } = ada.tokens

  for (const ip of ['2001:db8::1', '2001:db8::1', '2001:db8::ffff']) await refreshFrom(refreshToken, ip)

  expect(await sharedRefreshesOf(ada)).toEqual([])
})

test('a device that changes networks between refreshes is no event', async () => {
  const ada = await people.verified()
  const answer = await refreshFrom(ada.tokens.refreshToken, HOME)

  await refreshFrom(answer.body.refreshToken, '203.0.113.9')

  expect(await sharedRefreshesOf(ada)).toEqual([])
})

test('a thief and an owner who share a session leave one event for each rotation, however often they refresh', async () => {
  const ada = await people.verified()
  let { refreshToken } = ada.tokens

  for (let round = 0; round < 3; round += 1) {
    const owner = await refreshFrom(refreshToken, HOME)
    for (let time = 0; time < 5; time += 1) await refreshFrom(refreshToken, '203.0.113.9')
    refreshToken = owner.body.refreshToken
    clock.advance(240)
  }

  expect(await sharedRefreshesOf(ada)).toHaveLength(3)
})

test('a token that is presented after the reuse window is reuse, and not a shared refresh', async () => {
  const ada = await people.verified()
  await refreshFrom(ada.tokens.refreshToken, HOME)
  clock.advance(31)

  expect(await refreshFrom(ada.tokens.refreshToken, '203.0.113.9')).toRefuse('refresh_token_reused')

  expect(await sharedRefreshesOf(ada)).toEqual([])
})
