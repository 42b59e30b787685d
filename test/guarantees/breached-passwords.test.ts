import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeEach, expect, test } from '@jest/globals'
import '../support/matchers.ts'
import { readHashFile } from '../../src/breach-list/hash-file.ts'
import { readConfig } from '../../src/config/config.ts'
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

  expect(body).toEqual({ acceptable: true, violations: [] })
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
    expect(logLines.filter((line) => line.includes('the breach list is out'))).toHaveLength(1)
    expect(logLines.filter((line) => line.includes('the breach list is back'))).toHaveLength(1)
    expect(logLines.join()).not.toContain(BREACHED)
  },
)

const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-breach-list-'))
afterAll(() => rm(folder, { recursive: true }))

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
  const list = readHashFile(await file(content))

  expect(await list.contains(new PlainPassword(BREACHED))).toBe(true)
  expect(await list.contains(new PlainPassword('Correct-Horse-7'))).toBe(false)
})

test.each([
  ['password123', /^BREACH_LIST: line 1 of .* is no SHA-1 or prefix of one$/],
  [`${sha1('a')}\n1234\n`, /^BREACH_LIST: line 2 of .* is no SHA-1/],
  ['\n', /^BREACH_LIST: .* is empty$/],
])('a file that holds something else stops the start with one line: %j', async (content, line) => {
  const name = await file(content)

  expect(() => readHashFile(name)).toThrow(line)
})

test('a file that is not there stops the start with one line', () => {
  expect(() => readHashFile('/no/such/list')).toThrow('BREACH_LIST: /no/such/list cannot be read (ENOENT)')
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
  expect(() => readConfig(PRODUCTION)).toThrow(/^Refusing to start: PASSWORD_PRESET=nist .* set BREACH_LIST$/)
  expect(readConfig({ ...PRODUCTION, BREACH_LIST: service.url }).passwordPreset).toBe('nist')
})
