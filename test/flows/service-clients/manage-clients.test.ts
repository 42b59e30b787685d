import { expect, test } from '@jest/globals'
import { createClient } from '../../../src/domain/service-clients/create-client.ts'
import { disableClient } from '../../../src/domain/service-clients/disable-client.ts'
import { listClients } from '../../../src/domain/service-clients/list-clients.ts'
import { rotateClientSecret } from '../../../src/domain/service-clients/rotate-client-secret.ts'
import { eventsOf } from '../../support/audit.ts'
import { OPERATOR, registerClient } from '../../support/service-clients.ts'
import { startTestApp } from '../../support/test-app.ts'

// There are no routes for these. An operator runs them at a shell (commands/clients-and-keys.test.ts).
const { clock, deps } = await startTestApp()
const NOBODY = `svc_${'0'.repeat(32)}`

/** The operators of the recorded changes to a client, the newest first. */
async function recorded(change: 'created' | 'disabled' | 'secret_rotated', clientId: string): Promise<unknown[]> {
  const events = await eventsOf(deps, `service_client.${change}`)
  return events
    .filter(({ details }) => (details as { clientId: string }).clientId === clientId)
    .map(({ actorId }) => actorId)
}

test('a scope that is named twice is granted once', async () => {
  const { scopes } = await createClient(deps, {
    name: 'twice',
    scopes: ['users:read', 'mail:read', 'users:read'],
    by: OPERATOR,
  })

  expect(scopes).toEqual(['users:read', 'mail:read'])
})

test('a client is disabled once, however often an operator disables it, and the audit trail names the operator', async () => {
  const { id } = await registerClient(deps, 'users:read')

  await disableClient(deps, { clientId: id, by: OPERATOR })
  await disableClient(deps, { clientId: id, by: OPERATOR })

  expect(await recorded('disabled', id)).toEqual(['olga'])
})

test('creating a client and replacing its secret are recorded with the name of the operator', async () => {
  const { id } = await registerClient(deps, 'users:read')

  await rotateClientSecret(deps, { clientId: id, overlapSeconds: 0, by: OPERATOR })

  expect(await recorded('created', id)).toEqual(['olga'])
  expect(await recorded('secret_rotated', id)).toEqual(['olga'])
})

test('disabling a client that does not exist is refused with not_found and not recorded', async () => {
  await expect(disableClient(deps, { clientId: NOBODY, by: OPERATOR })).rejects.toMatchObject({ code: 'not_found' })

  expect(await recorded('disabled', NOBODY)).toEqual([])
})

test('a new secret for a client that does not exist or is disabled is refused with not_found and not recorded', async () => {
  const disabled = await registerClient(deps, 'users:read')
  await disableClient(deps, { clientId: disabled.id, by: OPERATOR })

  for (const clientId of [NOBODY, disabled.id]) {
    const rotation = rotateClientSecret(deps, { clientId, overlapSeconds: 0, by: OPERATOR })

    await expect(rotation).rejects.toMatchObject({ code: 'not_found' })
    expect(await recorded('secret_rotated', clientId)).toEqual([])
  }
})

test('the list has every client, the oldest first, and until when a former secret works, but no secret', async () => {
  await deps.db.serviceClient.deleteMany()
  const first = await registerClient(deps, 'users:read')
  clock.advance(1)
  const second = await registerClient(deps, 'mail:read', 'events:read')
  const rotated = await rotateClientSecret(deps, { clientId: first.id, overlapSeconds: 60, by: OPERATOR })
  await disableClient(deps, { clientId: second.id, by: OPERATOR })

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
      previousSecretExpiresAt: rotated.previousSecretExpiresAt,
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
