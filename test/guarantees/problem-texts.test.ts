import { expect, test } from '@jest/globals'
import { deadLinks } from '../../src/domain/dead-links.ts'
import { problems } from '../../src/domain/problems.ts'
import '../support/matchers.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, deps, people } = await startTestApp()

test('an answer that tells a person to contact Support says how', async () => {
  const ada = await people.verified()
  await deps.db.account.updateMany({ where: { email: ada.email }, data: { disabledAt: deps.clock.now() } })

  const refused = await api.post('/v1/login', { email: ada.email, password: ada.password })

  expect(refused).toRefuse('account_disabled')
  expect(refused.body.detail).toContain('Contact support')
  expect(refused.body.support).toBe(deps.config.supportContact)
})

test('every text of a problem that mentions Support is marked, so that the answer says how to contact it', () => {
  const texts: [string, { detail: string; title?: string; contactsSupport?: true }][] = [
    ...Object.entries(problems),
    ...Object.entries(deadLinks),
  ]
  const mentioning = texts.filter(([, { title = '', detail }]) =>
    /(?<!does not )\bsupport\b/i.test(`${title} ${detail}`),
  )
  const marked = texts.filter(([, { contactsSupport }]) => contactsSupport === true)

  expect(mentioning.length).toBeGreaterThan(0)
  expect(marked.map(([name]) => name)).toEqual(mentioning.map(([name]) => name))
})

test.each([
  [undefined, 'body', 'The body must be a JSON object.'],
  ['null', 'body', 'The body must be a JSON object.'],
  [[], 'body', 'The body must be a JSON object.'],
  ['{', 'body', 'The body is not valid JSON.'],
  [{ email: 7, password: 'x' }, 'email', 'This field must be a text.'],
])('the violation for the body %j names a field, and its message is plain English', async (body, field, message) => {
  const refused = await api.post('/v1/login', body)

  expect(refused).toRefuse('invalid_request')
  expect(refused.body.violations).toContainEqual(expect.objectContaining({ field, message }))
})

test('a content type that is not accepted is answered with the one that is', async () => {
  const json = await api.post('/v1/login', 'email=a', { headers: { 'content-type': 'text/plain' } })
  const form = await api.post('/oauth/token', '{}', { headers: { 'content-type': 'application/json' } })

  expect(json.body.detail).toContain('application/json')
  expect(form).toHaveStatus(415)
  expect(form.body.error_description).toContain('application/x-www-form-urlencoded')
})
