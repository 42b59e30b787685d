import { describe, expect, test } from '@jest/globals'
import type { Answer } from '../../support/api.ts'
import '../../support/matchers.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, people } = await startTestApp()
const nist = await startTestApp({ env: { PASSWORD_PRESET: 'nist' } })

const check = (password: string) => api.post('/v1/password/check', { password })
const rulesIn = (answer: Answer): string[] =>
  answer.body.violations.map((violation: { rule: string }) => violation.rule)

describe('the policy', () => {
  test('names its lengths and every rule with words for people', async () => {
    const answer = await api.get('/v1/password/policy')

    expect(answer).toHaveStatus(200)
    expect(answer.body).toMatchObject({ minLength: 8, maxLength: 128 })
    expect(answer.body.rules.map(({ rule }: { rule: string }) => rule)).toEqual(
      expect.arrayContaining([
        'min_length',
        'max_length',
        'uppercase',
        'lowercase',
        'number',
        'special',
        'not_email',
        'not_current',
      ]),
    )
    for (const { description } of answer.body.rules) expect(description).toMatch(/\w/)
  })

  test('every rule says whether the checklist or only the saving request can judge it', async () => {
    const { rules } = (await api.get('/v1/password/policy')).body

    for (const { rule, checkedBy } of rules) expect(checkedBy).toBe(rule === 'not_current' ? 'save' : 'check')
  })

  test('names no breach list where none is configured', async () => {
    const { body } = await api.get('/v1/password/policy')

    expect(JSON.stringify(body)).not.toContain('not_breached')
  })

  test('asks for 15 characters and no composition under the nist preset', async () => {
    const { body } = await nist.api.get('/v1/password/policy')

    expect(body).toMatchObject({ minLength: 15, maxLength: 128 })
    const rules = body.rules.map(({ rule }: { rule: string }) => rule)
    expect(rules).toEqual(expect.arrayContaining(['min_length', 'max_length', 'not_email', 'not_current']))
    for (const rule of ['uppercase', 'lowercase', 'number', 'special']) expect(rules).not.toContain(rule)
  })
})

describe('the checklist', () => {
  test('judges not_email by the address that is sent with the password', async () => {
    const body = { password: 'Ada.Lovelace-7', email: ' Ada.Lovelace-7@example.com' }

    const answer = await api.post('/v1/password/check', body)

    expect(answer.body).toMatchObject({ acceptable: false, violations: [{ field: 'password', rule: 'not_email' }] })
    expect(answer.body.unchecked).toEqual(['not_current'])
  })

  test('does not judge not_email by an address that is still being typed', async () => {
    const answer = await api.post('/v1/password/check', { password: 'Ada.Lovelace-7', email: 'ada@' })

    expect(answer.body).toEqual({ acceptable: true, violations: [], unchecked: ['not_email', 'not_current'] })
  })

  test('accepts a password that keeps every rule', async () => {
    const answer = await check('Correct-Horse-7')

    expect(answer).toHaveStatus(200)
    expect(answer.body).toEqual({ acceptable: true, violations: [], unchecked: ['not_email', 'not_current'] })
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  test.each([
    ['eight characters, one of each kind', 'Aa1-bbbb', []],
    ['seven characters', 'Aa1-bbb', ['min_length']],
    ['no upper-case letter', 'aa1-bbbb', ['uppercase']],
    ['no lower-case letter', 'AA1-BBBB', ['lowercase']],
    ['no number', 'Aaa-bbbb', ['number']],
    ['nothing special', 'Aa1bbbbb', ['special']],
    ['a space for something special', 'Aa1 bbbb', []],
    ['an emoji for something special', 'Aa1bbbb🐴', []],
    ['letters of another script', 'ЖжЖ1-жжжж', []],
    ['digits of another script', 'Aa٣-bbbb', []],
    ['a script without case', '漢字漢字漢字1-', ['uppercase', 'lowercase']],
    ['a letter without case for something special', 'Aa1漢字漢字漢', ['special']],
    ['a title-case letter alone', 'ǅ-11111111', ['uppercase', 'lowercase']],
    ['a fraction for a number', 'Aa½-bbbb', ['number']],
    ['128 characters', `Aa1-${'b'.repeat(124)}`, []],
    ['129 characters', `Aa1-${'b'.repeat(125)}`, ['max_length']],
    ['128 emoji and letters', `Aa1${'🐴'.repeat(125)}`, []],
    ['nothing', '', ['min_length', 'uppercase', 'lowercase', 'number', 'special']],
  ])('on %s', async (_what, password, rules) => {
    const answer = await check(password)

    expect(rulesIn(answer)).toEqual(rules)
    expect(answer.body.acceptable).toBe(rules.length === 0)
    for (const violation of answer.body.violations) {
      expect(violation).toEqual({ field: 'password', rule: expect.any(String), message: expect.stringMatching(/\w/) })
    }
  })

  test('counts characters, not the accents they may be typed with', async () => {
    expect(rulesIn(await check(`A1-${'e\u0301'.repeat(4)}`))).toEqual(['min_length'])
    expect(rulesIn(await check(`A1-${'e\u0301'.repeat(125)}`))).toEqual([])
  })

  test('under the nist preset wants length alone', async () => {
    const checkThere = (password: string) => nist.api.post('/v1/password/check', { password })

    expect((await checkThere('correcthorsebattery')).body).toMatchObject({ acceptable: true, violations: [] })
    expect(rulesIn(await checkThere('Aa1-bbbbbbbbbb'))).toEqual(['min_length'])
    expect(rulesIn(await checkThere('漢'.repeat(15)))).toEqual([])
  })
})

test('what the checklist accepts, registering accepts, and the other way round', async () => {
  for (const password of ['Aa1-bbbb', 'Aa1-bbb', 'aa1-bbbb', `Aa1-${'b'.repeat(125)}`]) {
    const { acceptable, violations } = (await check(password)).body

    const registered = await api.post('/v1/register', { email: people.newEmail(), password })

    if (acceptable) expect(registered).toHaveStatus(202)
    else expect(registered).toRefuse('password_policy')
    if (!acceptable) expect(registered.body.violations).toEqual(violations)
  }
})

test('two passwords of 128 characters that differ only in the last are different', async () => {
  const ada = await people.verified({ password: `Aa1-${'b'.repeat(123)}c` })

  const other = await api.post('/v1/login', { email: ada.email, password: `Aa1-${'b'.repeat(123)}d` })

  expect(other).toRefuse('invalid_credentials')
  expect(await ada.logIn()).toBeDefined()
})

test('a password is the same however its accents were typed', async () => {
  const ada = await people.verified({ password: 'Caf\u00e9-Cr\u00e8me-7' })

  const decomposed = await api.post('/v1/login', { email: ada.email, password: 'Cafe\u0301-Cre\u0300me-7' })

  expect(decomposed).toHaveStatus(200)
})

test.each([
  ['a NUL', '{"email":"ada@example.com","password":"Correct-\\u0000-Horse-7"}', 'nul'],
  ['half of a character', '{"email":"ada@example.com","password":"Correct-\\ud800-Horse-7"}', 'unicode'],
])('a password with %s in it is refused, wherever it is sent', async (_what, body, rule) => {
  for (const route of ['/v1/register', '/v1/login']) {
    const answer = await api.post(route, body)

    expect(answer).toRefuse('invalid_request')
    expect(answer.body.violations).toMatchObject([{ field: 'password', rule }])
  }
})
