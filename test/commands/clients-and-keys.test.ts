import { afterAll, expect, jest, test } from '@jest/globals'
import { latchkey, latchkeyProcess } from '../support/command-line.ts'
import { temporaryDataDir } from '../support/embedded-server.ts'
import { kidOf } from '../support/jwks.ts'
import { serviceProcess } from '../support/service-process.ts'
import { until } from '../support/until.ts'

jest.setTimeout(120_000) // some commands are processes of their own

/** A newcomer's machine: the service on its embedded database, and commands typed beside it. */
const { dataDir, discard } = await temporaryDataDir()
const environment = { NODE_ENV: 'development', DATA_DIR: dataDir, RATE_LIMIT_FACTOR: '0' }
const run = (...args: string[]) => latchkey(args, environment)
const answerOf = async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout)

const createEarly = ['clients', 'create', '--name', 'Early', '--scope', 'users:read', '--json']
const early = JSON.parse((await latchkeyProcess(createEarly, environment)).stdout)
const service = await serviceProcess(environment)
await service.start()
afterAll(async () => {
  await service.terminate()
  await discard()
})

interface Credentials {
  readonly clientId: string
  readonly clientSecret: string
}

async function signIn({ clientId, clientSecret }: Credentials): Promise<{ status: number; token: string }> {
  const response = await fetch(`${service.url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const answer = (await response.json()) as { access_token?: string }
  return { status: response.status, token: answer.access_token ?? '' }
}

async function introspect(token: string, { clientId, clientSecret }: Credentials): Promise<string> {
  const body = new URLSearchParams({ token, client_id: clientId, client_secret: clientSecret })
  return (await fetch(`${service.url}/oauth/introspect`, { method: 'POST', body })).text()
}

test('a client that was created before the service first started can sign in', async () => {
  expect((await signIn(early)).status).toBe(200)
})

test('clients create prints the id, the secret and the scopes, and the client can sign in at once', async () => {
  const made = await answerOf('clients', 'create', '--name', 'Gateway', '--scope', 'tokens:introspect users:read')

  expect(made).toEqual({
    clientId: expect.stringMatching(/^svc_[0-9a-f]{32}$/),
    clientSecret: expect.stringMatching(/^lks_[A-Za-z0-9_-]{43}$/),
    scopes: ['tokens:introspect', 'users:read'],
  })
  expect((await signIn(made)).status).toBe(200)
})

test('clients list shows every client without its secret', async () => {
  const { stdout } = await run('clients', 'list')
  const { clients } = await answerOf('clients', 'list')

  expect(stdout).toContain('Early')
  expect(clients[0]).toEqual({
    clientId: early.clientId,
    name: 'Early',
    scopes: ['users:read'],
    createdAt: expect.any(String),
    disabledAt: null,
    previousSecretExpiresAt: null,
  })
  expect(stdout + JSON.stringify(clients)).not.toMatch(/lks_|[0-9a-f]{64}/)
})

test('after clients rotate-secret both secrets work until the overlap ends, and with --overlap 0 only the new one works', async () => {
  const first = await answerOf('clients', 'create', '--name', 'Rotated', '--scope', 'users:read')
  const second = await answerOf('clients', 'rotate-secret', first.clientId)

  expect(second.clientId).toBe(first.clientId)
  expect([(await signIn(first)).status, (await signIn(second)).status]).toEqual([200, 200])

  const third = await answerOf('clients', 'rotate-secret', first.clientId, '--overlap', '0')

  expect([(await signIn(second)).status, (await signIn(third)).status]).toEqual([401, 200])
})

test('clients disable ends the secret and the tokens of the client at once', async () => {
  const asker = await answerOf('clients', 'create', '--name', 'Asker', '--scope', 'tokens:introspect')
  const leaving = await answerOf('clients', 'create', '--name', 'Leaving', '--scope', 'users:read')
  const { token } = await signIn(leaving)
  const before = await introspect(token, asker)

  const disabled = await answerOf('clients', 'disable', leaving.clientId)

  expect(before).toContain('"active":true')
  expect(disabled).toEqual({ clientId: leaving.clientId, disabled: true })
  expect(await introspect(token, asker)).toBe('{"active":false}')
  expect((await signIn(leaving)).status).toBe(401)
})

test('after keys rotate the running service signs with the new key within seconds, and old tokens stay valid', async () => {
  const asker = await answerOf('clients', 'create', '--name', 'Other asker', '--scope', 'tokens:introspect')
  const { token } = await signIn(asker)
  const { kid, isActive } = await answerOf('keys', 'rotate')

  await until(async () => kidOf((await signIn(asker)).token) === kid)

  expect(isActive).toBe(true)
  expect(kidOf(token)).not.toBe(kid)
  expect(await introspect(token, asker)).toContain('"active":true')
})

test('keys list shows the state of every key, and no key material', async () => {
  const { keys } = await answerOf('keys', 'list')
  const { stdout } = await run('keys', 'list')

  const signing = keys.filter((key: { purpose: string }) => key.purpose === 'signing')
  expect(signing.map((key: { state: string }) => key.state).sort()).toEqual(['current', 'next', 'retired'])
  expect(keys.map((key: { purpose: string }) => key.purpose).sort()).toEqual([
    'address_hash',
    'password_import',
    'password_pepper',
    'refresh_token',
    'signing',
    'signing',
    'signing',
  ])
  expect(stdout + JSON.stringify(keys)).not.toMatch(/s1\.|PRIVATE/)
  expect(Object.keys(keys[0])).not.toContain('sealed')
})

test('keys reencrypt changes nothing if SECRET_KEY has not changed', async () => {
  expect(await answerOf('keys', 'reencrypt')).toEqual({ reencrypted: 0, total: 7 })
})

test.each([
  ['an unknown scope', ['clients', 'create', '--name', 'x', '--scope', 'users:everything'], 2, 'users:everything'],
  ['no name', ['clients', 'create', '--scope', 'users:read'], 2, '--name'],
  ['a name of two lines', ['clients', 'create', '--name', 'a\nb', '--scope', 'users:read'], 2, 'must be one line'],
  ['another algorithm', ['keys', 'rotate', '--alg', 'RS256'], 2, 'ES256, EdDSA'],
  ['no subcommand', ['clients'], 2, 'Usage: latchkey clients'],
  ['the id of an unknown client', ['clients', 'disable', 'svc_x'], 1, 'There is no client svc_x'],
  ['the id of an unknown client, for a new secret', ['clients', 'rotate-secret', 'svc_x'], 1, 'no client svc_x'],
])(
  'a command with %s is refused with an exit code and a reason, without a stack trace',
  async (_, args, exitCode, reason) => {
    const result = await run(...args)

    expect(result.exitCode).toBe(exitCode)
    expect(result.stdout).toBe('')
    expect(result.stderr).toContain(reason)
    expect(result.stderr).not.toContain('    at ')
  },
)

test('every refusal is printed as JSON if --json is given', async () => {
  const [unknown, unreachable, wrongSetting] = await Promise.all([
    latchkeyProcess(['clients', 'disable', 'svc_x', '--json'], environment),
    latchkeyProcess(['keys', 'list', '--json'], { ...environment, DATABASE_URL: 'postgresql://127.0.0.1:1/x' }),
    latchkeyProcess(['serve', '--json'], { ...environment, PORT: 'x' }),
  ])

  for (const { exitCode, stderr } of [unknown, unreachable, wrongSetting]) {
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' })
  }
  expect(JSON.parse(unknown.stdout)).toEqual({ error: 'not_found', detail: expect.stringContaining('svc_x') })
  expect(JSON.parse(unreachable.stdout)).toMatchObject({ error: 'database_unavailable' })
  expect(JSON.parse(wrongSetting.stdout)).toEqual({ error: 'refused', detail: expect.stringContaining('PORT') })
})

test('keys rotate with a wrong SECRET_KEY is refused in one line and changes nothing', async () => {
  const before = await answerOf('keys', 'list')

  const refused = await latchkey(['keys', 'rotate'], { ...environment, SECRET_KEY: 'another'.repeat(5) })

  expect(refused.exitCode).toBe(1)
  expect(refused.stderr).toMatch(/^SECRET_KEY does not open the keys in this database[^\n]*\n$/)
  expect(await answerOf('keys', 'list')).toEqual(before)
})

test.each([
  ['clients', 'create'],
  ['keys', 'rotate'],
])('latchkey %s %s --help shows the usage of the command', async (...command) => {
  const { exitCode, stdout } = await run(...command, '--help')

  expect(exitCode).toBe(0)
  expect(stdout).toContain(`Usage: latchkey ${command.join(' ')}`)
})
