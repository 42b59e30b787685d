import { expect, test } from '@jest/globals'
import { registerClient } from '../support/service-clients.ts'
import { startTestApp } from '../support/test-app.ts'

const { deps } = await startTestApp()
const { pool } = deps
const HASH = 'a'.repeat(64)

async function change(column: string, value: unknown): Promise<unknown> {
  const { id } = await registerClient(deps, 'users:read')
  return pool.query(`UPDATE service_clients SET ${column} = $1 WHERE id = $2`, [value, id])
}

test.each(['0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c55', 'latchkey', 'svc_', 'svc_XYZ', ' svc_', `svc_${'a'.repeat(33)}`])(
  'an id that does not have the form of a client id is refused: %p',
  async (id) => {
    await expect(change('id', id)).rejects.toThrow('service_clients_id_namespace')
  },
)

test.each(['secret_hash', 'previous_secret_hash'])('%s holds a hash and never a secret', async (column) => {
  const secret = 'lks_SAJMbBgdMnrz-5ZSb_CEcJYTs6SmNQ6J_7sBmgR9tvM'

  await expect(change(column, secret)).rejects.toThrow('service_clients_')
  await expect(change('secret_hash', HASH.toUpperCase())).rejects.toThrow('service_clients_secret_hashed')
})

test('a previous secret has an expiry, and an expiry has a previous secret', async () => {
  await expect(change('previous_secret_hash', HASH)).rejects.toThrow('service_clients_previous_secret_ends')
  await expect(change('previous_secret_expires_at', new Date(0))).rejects.toThrow(
    'service_clients_previous_secret_ends',
  )
})

test('only a key that is not in use yet has an activation time', async () => {
  const plan = `UPDATE keys SET activate_at = now() WHERE purpose = 'signing' AND state = $1`

  await expect(pool.query(plan, ['current'])).rejects.toThrow('keys_only_next_is_planned')
  await expect(pool.query(plan, ['next'])).resolves.toMatchObject({ rowCount: 1 })
})
