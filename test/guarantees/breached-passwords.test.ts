import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeEach, expect, test } from '@jest/globals'
import type { Logger } from 'pino'
import '../support/matchers.ts'
import { readHashFile } from '../../src/breach-list/hash-file.ts'
import { createRangeService } from '../../src/breach-list/range-service.ts'
import { readConfig } from '../../src/config/config.ts'
import { createLog } from '../../src/log.ts'
import { PlainPassword } from '../../src/security/plain-password.ts'
import type { Answer } from '../support/api.ts'
import { ONLY_PADDING, type RangeFailure, sha1, startRangeService } from '../support/range-service.ts'
import { startTestApp } from '../support/test-app.ts'

const BREACHED = 'Password-123'
const service = await startRangeService([BREACHED])
const { api, people, logLines, resetToken } = await startTestApp({ env: { BREACH_LIST: service.url } })
afterAll(() => service.close())
beforeEach(() => service.recover())

const rules = (answer: Answer) => answer.body.violations.map(({ rule }: { rule: string }) => rule)

test('a breached password is refused wherever one is set, and the checklist says so', async () => {
  const ada = await people.verified()
  const token = await resetToken(ada.email)

  const answers = [
    await api.post('/v1/register', { email: people.newEmail(), password: BREACHED }),
    await ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: BREACHED }),
    await api.post('/v1/password/reset', { token, newPassword: BREACHED }),
  ]
  const checked = await api.post('/v1/password/check', { password: BREACHED })

  for (const answer of answers) {
    expect(answer).toRefuse('password_policy')
    expect(rules(answer)).toEqual(['not_breached'])
  }
  expect(checked.body.acceptable).toBe(false)
  expect(rules(checked)).toEqual(['not_breached'])
  expect(await api.post('/v1/password/reset', { token, newPassword: 'Battery-Staple-8' })).toHaveStatus(204)
})

test('signing in asks nobody: an old password that has since leaked still opens the door', async () => {
  const ada = await people.verified()
  const before = service.requests.length

  await ada.logIn()

  expect(service.requests).toHaveLength(before)
})

test('the policy lists the rule where there is a list', async () => {
  const { body } = await api.get('/v1/password/policy')

  expect(body.rules.at(-1).rule).toBe('not_breached')
})

test('the service learns five digits of a hash and nothing else', async () => {
  service.requests.length = 0

  await api.post('/v1/password/check', { password: BREACHED })

  expect(service.requests).toEqual([{ path: `/range/${sha1(BREACHED).slice(0, 5)}`, padding: 'true' }])
})

test('padding is not taken for a breach', async () => {
  const { body } = await api.post('/v1/password/check', { password: ONLY_PADDING })

  expect(body).toEqual({ acceptable: true, violations: [], unchecked: ['not_email', 'not_current'] })
})

const failures: RangeFailure[] = ['error', 'drop', 'redirect', 'endless', 'hang', 'trickle']

test.each(failures)(
  'a list that is out (%s) blocks no change; the outage is logged once, and its end',
  async (failure) => {
    const ada = await people.verified()
    logLines.length = 0
    service.failWith(failure)

    const register = await api.post('/v1/register', { email: people.newEmail(), password: BREACHED })
    const change = await ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: BREACHED })
    service.recover()
    const checked = await api.post('/v1/password/check', { password: BREACHED })

    expect(register).toHaveStatus(202)
    expect(change).toHaveStatus(200)
    expect(checked.body.acceptable).toBe(false)
    expect(logLines.filter((line) => line.includes('the breach list cannot be reached'))).toHaveLength(1)
    expect(logLines.filter((line) => line.includes('the breach list can be reached again'))).toHaveLength(1)
    expect(logLines.join()).not.toContain(BREACHED)
  },
)

const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-breach-list-'))
afterAll(() => rm(folder, { recursive: true }))

const warnings: string[] = []
const log = { warn: (_fields: unknown, message: string) => void warnings.push(message) } as Pick<Logger, 'warn'>

async function file(content: string): Promise<string> {
  const name = path.join(folder, `${sha1(content)}.txt`)
  await writeFile(name, content)
  return name
}

test.each([
  ['whole hashes with counts', `${sha1('other')}:3\n${sha1(BREACHED)}:12345\n`],
  ['lower case, Windows line ends, no newline at the end', `${sha1('other')}\r\n${sha1(BREACHED)}`.toLowerCase()],
  ['prefixes of several lengths', `${sha1('other').slice(0, 12)}\n\n${sha1(BREACHED).slice(0, 10)}\n`],
])('a password listed in a file (%s) is refused', async (_, content) => {
  const list = readHashFile(await file(content), log)

  expect(await list.contains(new PlainPassword(BREACHED))).toBe(true)
  expect(await list.contains(new PlainPassword('Correct-Horse-7'))).toBe(false)
})

test.each([
  ['password123', /^BREACH_LIST: line 1 of .* is not a SHA-1 hash or the beginning of one\.$/],
  [`${sha1('a')}\n1234\n`, /^BREACH_LIST: line 2 of .* is not a SHA-1/],
  [`${'8846f7eaee8fb117ad06bdd830b7586c'.toUpperCase()}:9\n`, /line 1 .*MD5 or NTLM/],
  ['\n', /^BREACH_LIST: the file .* is empty\.$/],
])('a file that holds something else stops the start with one line: %j', async (content, line) => {
  const name = await file(content)

  expect(() => readHashFile(name, log)).toThrow(line)
})

test('a file that is not there stops the start with one line', () => {
  expect(() => readHashFile('/no/such/list', log)).toThrow(
    'BREACH_LIST: the file /no/such/list cannot be read (ENOENT).',
  )
})

const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgresql://db/latchkey',
  SECRET_KEY: 'a secret key for tests, 32 bytes or more',
  MAIL_TRANSPORT: 'smtp',
  SMTP_URL: 'smtp://mail',
  MAIL_FROM: 'support@acme.example',
  SUPPORT_CONTACT: 'support@acme.example',
  PRODUCT_NAME: 'Acme',
  LINK_VERIFY_EMAIL: 'https://app.acme.example/#{token}',
  LINK_RESET_PASSWORD: 'https://app.acme.example/#{token}',
  LINK_CONFIRM_EMAIL: 'https://app.acme.example/#{token}',
  LINK_REVERT_EMAIL: 'https://app.acme.example/#{token}',
  PASSWORD_PRESET: 'nist',
}

test('in production PASSWORD_PRESET=nist asks for a list: without one it would only be a longer minimum', () => {
  expect(() => readConfig(PRODUCTION)).toThrow(/^Refusing to start: PASSWORD_PRESET: nist .* set BREACH_LIST too\.$/)
  expect(readConfig({ ...PRODUCTION, BREACH_LIST: service.url }).passwordPreset).toBe('nist')
})

const servers: Server[] = []
afterAll(() => {
  for (const server of servers) server.close()
})

/** A server that gives this answer to everything. */
async function serverThatAnswers(status: number, body: string): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status).end(body))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  servers.push(server)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a server that is not a range service stops the start with one line', async () => {
  for (const body of ['<html>Welcome</html>', '{"breached":false}', `${sha1('password')}:3`]) {
    const list = createRangeService(await serverThatAnswers(200, body), quietLog())

    await expect(list.assertWorks()).rejects.toThrow(
      /^BREACH_LIST: the server at 127\.0\.0\.1:\d+ does not answer as a range/,
    )
  }
})

test('while the service runs, an answer that is not a range is an outage, and no password is refused for it', async () => {
  const { lines, log } = recordingLog()
  const list = createRangeService(await serverThatAnswers(200, `${sha1(BREACHED).slice(5)} in HTML`), log)

  expect(await list.contains(new PlainPassword(BREACHED))).toBe(false)
  expect(lines).toEqual(['the breach list cannot be reached; passwords are accepted without it'])
})

test('an outage at the start is logged, and the start goes on', async () => {
  const { lines, log } = recordingLog()

  await createRangeService(await serverThatAnswers(503, 'busy'), log).assertWorks()

  expect(lines).toEqual(['the breach list cannot be reached; passwords are accepted without it'])
})

test('a list that lacks the most common passwords is doubted at the start', async () => {
  const { lines, log } = recordingLog()
  warnings.length = 0

  await createRangeService(service.url, log).assertWorks()
  await readHashFile(await file(`${sha1(BREACHED)}\n`), log).assertWorks()
  await readHashFile(await file(`${sha1('password')}\n`), log).assertWorks()

  expect(lines).toEqual([
    expect.stringContaining('lacks the most common passwords'),
    expect.stringContaining('lacks the most common passwords'),
  ])
})

function recordingLog(): { lines: string[]; log: Logger } {
  const lines: string[] = []
  const log = createLog('trace', { write: (line: string) => void lines.push(JSON.parse(line).msg) })
  return { lines, log }
}

function quietLog(): Logger {
  return recordingLog().log
}
