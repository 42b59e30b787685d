import { expect, test } from '@jest/globals'
import { everyLink } from '../support/every-link.ts'
import '../support/matchers.ts'
import { startTestApp } from '../support/test-app.ts'

const service = await startTestApp()
const { api, deps, people, logIn } = service
const NEW = 'Battery-Staple-8'

test('L9: nothing in a dump of the database can be turned into a link, a session or a password', async () => {
  const links = await everyLink(service)
  const ada = await people.verified()
  await ada.post('/v1/reauthenticate', { currentPassword: ada.password })
  await ada.refresh()
  await logIn(ada.email, 'Wrong-Horse-7')
  const dump = await everythingStored()
  const secrets = [
    ada.password,
    NEW,
    ada.tokens.refreshToken,
    ada.tokens.accessToken,
    ...links.map(({ token }) => token),
  ]

  const whole = dump.join('\n')
  for (const secret of secrets) {
    for (const form of [secret, Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex')]) {
      expect(whole.includes(form)).toBe(false)
    }
  }
  const forms = formsOf(dump)
  expect(forms.length).toBeGreaterThan(100)
  for (const token of forms) {
    const answers = [
      await api.post('/v1/password/reset/check', { token }),
      await api.post('/v1/email/change/revert', { token }),
      await api.post('/v1/email/verify', { token }),
      await api.post('/v1/email/change/confirm', { token }),
      await api.post('/v1/token/refresh', { refreshToken: token.slice(0, 74) }),
      await api.post('/v1/token/refresh', { refreshToken: `lkr_${token}` }),
      await api.get('/v1/me', { headers: { authorization: `Bearer ${token}` } }),
    ]
    expect(answers.filter(({ status }) => status !== 400 && status !== 401)).toEqual([])
  }
}, 120_000)

test('L9: nobody can sign in with a stored password hash as the password', async () => {
  const ada = await people.verified()
  const { passwordHash } = await deps.db.account.findFirstOrThrow({ where: { email: ada.email } })
  const [, pepperId = '', bcryptHash = ''] = /^v1\$([^$]+)(\$.*)$/.exec(passwordHash ?? '') ?? []
  const forms = [passwordHash ?? '', bcryptHash, bcryptHash.slice(29), pepperId]

  for (const [index, password] of forms.entries()) {
    const answer = await api.post('/v1/login', { email: ada.email, password }, { ip: `203.0.113.${index}` })
    expect(answer).toRefuse('invalid_credentials')
  }
})

/** Every row of every table as text, including the tables of the queue. */
async function everythingStored(): Promise<string[]> {
  const { rows: tables } = await deps.pool.query<{ name: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
     WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
  )
  const texts = []
  for (const { name } of tables) {
    const { rows } = await deps.pool.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${name} t`)
    texts.push(...rows.map(({ row }) => row))
  }
  return texts
}

/**
 * What a thief would try: each value as it is, and read as hex or base64 and written as a token is. Anything much
 * shorter or longer than a token is refused unread (L8).
 */
function formsOf(dump: string[]): string[] {
  const values = new Set(dump.flatMap((row) => row.match(/[A-Za-z0-9_+/=.$-]{16,}/g) ?? []))
  const forms = [...values].flatMap((value) => [
    value,
    ...value.split(/[.$]/),
    Buffer.from(value, 'hex').toString('base64url'),
    Buffer.from(value, 'base64url').toString('base64url'),
    Buffer.from(value).toString('base64url'),
  ])
  return [...new Set(forms)].filter((form) => form.length >= 40 && form.length <= 300 && /^[\w.-]+$/.test(form))
}
