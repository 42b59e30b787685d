import { expect, test } from '@jest/globals'
import '../../support/matchers.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, deps, mailbox, people } = await startTestApp()

const REST = 'C'.repeat(22) + '.'.repeat(31)

/** A person whose stored hash is damaged, as after a wrong import, a lost key or a broken restore. */
async function withStoredHash(passwordHash: string) {
  const person = await people.verified()
  await deps.db.account.updateMany({ where: { email: person.email }, data: { passwordHash } })
  return person
}

const damaged: Array<[string, string]> = [
  ['a cost of 31', `$2b$31$${REST}`],
  ['a cost of 16', `$2b$16$${REST}`],
  ['a cost of 0', `$2b$00$${REST}`],
  ['a pepper that is not known', `v1$01890000-0000-7000-8000-000000000000$2b$04$${REST}`],
]

test.each(damaged)(
  'an account whose hash has %s counts as one without a password: 401, and a reset works',
  async (_, hash) => {
    const person = await withStoredHash(hash)

    expect(await api.post('/v1/login', { email: person.email, password: person.password })).toRefuse(
      'invalid_credentials',
    )

    await api.post('/v1/password/forgot', { email: person.email })
    const token = await mailbox.token(person.email, 'reset_password')
    const newPassword = 'Battery-Staple-8'
    expect(await api.post('/v1/password/reset', { token, newPassword })).toHaveStatus(204)
    expect(await api.post('/v1/login', { email: person.email, password: newPassword })).toHaveStatus(200)
  },
)

test('a damaged hash makes no sign-in of anybody else slower: only hashes that would be compared count', async () => {
  for (const [, hash] of damaged) await withStoredHash(hash)
  const costs: Array<number | undefined> = []
  const { firstMatch } = deps.passwords
  deps.passwords.firstMatch = (place, password, stored, costliest) => {
    costs.push(costliest)
    return firstMatch(place, password, stored, costliest)
  }
  const other = await people.verified()

  expect(await api.post('/v1/login', { email: other.email, password: 'Wrong-Horse-7' })).toRefuse('invalid_credentials')
  expect(await api.post('/v1/login', { email: other.email, password: other.password })).toHaveStatus(200)

  deps.passwords.firstMatch = firstMatch
  expect(new Set(costs)).toEqual(new Set([4]))
})
