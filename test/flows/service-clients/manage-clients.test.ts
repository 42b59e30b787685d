import { expect, test } from '@jest/globals'
import { createClient } from '../../../src/domain/service-clients/create-client.ts'
import { disableClient } from '../../../src/domain/service-clients/disable-client.ts'
import { listClients } from '../../../src/domain/service-clients/list-clients.ts'
import { rotateClientSecret } from '../../../src/domain/service-clients/rotate-client-secret.ts'
import { eventsOf } from '../../support/audit.ts'
import { registerClient } from '../../support/service-clients.ts'
import { startTestApp } from '../../support/test-app.ts'

// There is no route for these: an operator calls them at a shell (commands/clients-and-keys.test.ts).
const { clock, deps } = await startTestApp()
const NOBODY = `svc_${'0'.repeat(32)}`

const recorded = async (type: 'service_client.disabled' | 'service_client.secret_rotated', clientId: string) =>
  (await eventsOf(deps, type)).filter(({ details }) => (details as { clientId: string }).clientId === clientId).length

test('a client asks for each of its scopes once, however often it is named', async () => {
  const { scopes } = await createClient(deps, { name: 'twice', scopes: ['users:read', 'mail:read', 'users:read'] })

  expect(scopes).toEqual(['users:read', 'mail:read'])
})

test('disabling says whether there is such a client, and is recorded once', async () => {
  const { id } = await registerClient(deps, 'users:read')

  expect([await disableClient(deps, id), await disableClient(deps, id)]).toEqual([true, true])
  expect(await disableClient(deps, NOBODY)).toBe(false)
  expect([await recorded('service_client.disabled', id), await recorded('service_client.disabled', NOBODY)]).toEqual([
    1, 0,
  ])
})

test('rotating says where there is no such client, or it is disabled, and records nothing of that', async () => {
  const disabled = await registerClient(deps, 'users:read')
  await disableClient(deps, disabled.id)

  for (const clientId of [NOBODY, disabled.id]) {
    expect(await rotateClientSecret(deps, { clientId, overlapSeconds: 0 })).toBeNull()
    expect(await recorded('service_client.secret_rotated', clientId)).toBe(0)
  }
})

test('the list has every client, the oldest first, and until when a former secret works, but no secret', async () => {
  await deps.db.serviceClient.deleteMany()
  const first = await registerClient(deps, 'users:read')
  clock.advance(1)
  const second = await registerClient(deps, 'mail:read', 'events:read')
  const rotated = await rotateClientSecret(deps, { clientId: first.id, overlapSeconds: 60 })
  await disableClient(deps, second.id)

  const during = await listClients(deps)
  clock.advance(60)
  const afterwards = await listClients(deps)

  expect(during).toEqual([
    {
      clientId: first.id,
      name: expect.any(String),
      scopes: ['users:read'],
      createdAt: expect.any(Date),
      disabledAt: null,
      previousSecretExpiresAt: rotated?.previousSecretExpiresAt,
    },
    {
      clientId: second.id,
      name: expect.any(String),
      scopes: ['mail:read', 'events:read'],
      createdAt: expect.any(Date),
      disabledAt: expect.any(Date),
      previousSecretExpiresAt: null,
    },
  ])
  expect(afterwards[0]?.previousSecretExpiresAt).toBeNull()
})
