import { expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { basicOf, registerClient, serviceTokenOf } from '../support/service-clients.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, clock, deps, people } = await startTestApp()

async function countsOf(type: string): Promise<unknown[]> {
  const rows = await deps.db.event.findMany({ where: { type, outcome: 'failure' }, orderBy: { id: 'asc' } })
  return rows.map(({ details }) => (details as { count?: number }).count)
}

test('repeated wrong credentials of one client and network are one row a minute in the audit trail, with their number', async () => {
  const client = await registerClient(deps, 'tokens:introspect')
  const headers = basicOf({ id: client.id, secret: 'a wrong secret' })
  const guess = (ip: string) => api.form('/oauth/introspect', { token: 'some-token' }, { ip, headers })

  for (let time = 0; time < 5; time += 1) expect(await guess('203.0.113.1')).toHaveStatus(401)
  expect(await countsOf('service_client.login')).toEqual([1])
  await guess('203.0.113.2')
  clock.advance(61)
  await guess('203.0.113.1')

  expect(await countsOf('service_client.login')).toEqual([1, 1, 4, 1])
})

test('guesses with ever new client ids do not add rows without end', async () => {
  const before = await deps.db.event.count()

  for (let time = 0; time < 150; time += 1) {
    const id = `svc_${String(time).padStart(32, '0')}`
    await api.form('/oauth/introspect', { token: 'some-token' }, { headers: basicOf({ id, secret: 'a wrong secret' }) })
  }

  expect((await deps.db.event.count()) - before).toBeLessThanOrEqual(61)
})

test('a service that asks again and again for what it may not do adds one row a minute', async () => {
  clock.advance(61)
  const token = await serviceTokenOf(api, await registerClient(deps, 'mail:read'))

  for (let time = 0; time < 5; time += 1) expect(await api.get('/v1/admin/users', { token })).toHaveStatus(403)

  expect(await countsOf('service_client.denied')).toEqual([1])
})

test('ending the other sessions where there are none adds no row', async () => {
  const ada = await people.verified()
  const before = await deps.db.event.count()

  for (let time = 0; time < 3; time += 1) expect((await ada.delete('/v1/sessions')).body).toEqual({ revoked: 0 })

  expect(await deps.db.event.count()).toBe(before)
})
