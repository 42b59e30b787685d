import { expect, test } from '@jest/globals'
import type { Answer } from '../support/api.ts'
import '../support/matchers.ts'
import type { Person } from '../support/people.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, mailbox, people, sendgrid, logIn } = await startTestApp()
const NEW = 'Battery-Staple-8'

const TAKES_AN_ADDRESS = ['/v1/password/forgot', '/v1/register', '/v1/email/verify/resend', '/v1/email/change'] as const

/** Sends a request with a value for the address to a route that takes one. A string is sent unchanged. */
function withAddress(path: string, address: unknown, person: Person): Promise<Answer> {
  const others = { '/v1/register': { password: NEW }, '/v1/email/change': { currentPassword: person.password } }
  const field = path === '/v1/email/change' ? 'newEmail' : 'email'
  return person.post(path, { [field]: address, ...others[path as keyof typeof others] })
}

test('L11: a list, an object or a second address in the field for an address sends mail to nobody', async () => {
  const victim = await people.verified()
  const attacker = await people.verified()
  await mailbox.drain()
  const sent = sendgrid.mails.length
  const notText = [
    [victim.email, attacker.email],
    [victim.email],
    { email: victim.email },
    { '0': victim.email },
    null,
    1,
  ]
  const separators = [',', ';', ' ', '\n', '\r\n', '\t', '%0a', '\u2028', ', ', '>,<', '%2c', '|', '&email=', '\\', '/']
  const two = separators.map((separator) => `${victim.email}${separator}${attacker.email}`)
  const dressed = [`<${victim.email}>`, `Victim <${victim.email}>`, `"${attacker.email}" <${victim.email}>`]

  for (const path of TAKES_AN_ADDRESS) {
    for (const address of notText) expect(await withAddress(path, address, attacker)).toRefuse('invalid_request')
    for (const address of [...two, ...dressed]) {
      expect(await withAddress(path, address, attacker)).toRefuse('invalid_email')
    }
    const field = path === '/v1/email/change' ? 'newEmail' : 'email'
    const escaped = `\\u00${field.charCodeAt(0).toString(16)}${field.slice(1)}`
    for (const name of [field, escaped]) {
      const twice = `{"${field}":"${victim.email}","${name}":"${attacker.email}"}`
      expect(await attacker.post(path, twice)).toRefuse('invalid_request')
    }
  }
  await mailbox.drain()

  expect(sendgrid.mails.slice(sent).map(({ to }) => to)).toEqual([])
})

test('L12: an address with line ends or header names is refused on every route', async () => {
  const ada = await people.verified()
  const injected = [
    `${ada.email}\r\nBcc: evil@evil.example`,
    `${ada.email}\nBcc: evil@evil.example`,
    `${ada.email}\rSubject: hello`,
    `Bcc: evil@evil.example\r\n\r\n${ada.email}`,
    `${ada.email}%0d%0aBcc:evil@evil.example`,
    `${ada.email}\u0085Bcc:evil@evil.example`,
    `${ada.email}\u2029Bcc:evil@evil.example`,
    `"a\r\nBcc: evil@evil.example"@example.com`,
  ]

  for (const path of TAKES_AN_ADDRESS) {
    for (const address of injected) expect(await withAddress(path, address, ada)).toRefuse('invalid_email')
  }
})

test('L12: the User-Agent of a request is plain text in a mail, and becomes neither markup nor a header', async () => {
  const ada = await people.verified()
  const headers = { 'user-agent': '<img src=x onerror=alert(1)> \u0085Bcc: evil@evil.example"\'</td><a href="//evil">' }

  const change = { currentPassword: ada.password, newPassword: NEW }
  await api.post('/v1/password/change', change, { headers, token: ada.token })

  const [notice] = (await mailbox.to(ada.email)).slice(-1)
  expect(notice?.kind).toBe('password_changed')
  expect(notice?.html).not.toMatch(/<img|onerror|<a href="\/\/evil/)
  expect(notice?.subject).not.toMatch(/evil|<|[\r\n]/)
})

const LOOK_ALIKES = [
  'm\u0131ke.l13@example.com', // dotless i
  'mi\u212Ae.l13@example.com', // the Kelvin sign, which lower-cases to k
  'mike.l13@example.co\u217F', // a roman numeral that compatibility mapping makes an m
  'mike.l13@\u017Fub.example.com', // long s
  'mike.l13\uFF20example.com', // full-width @
  'mike.l13@example\uFF0Ecom', // full-width full stop
  'mike.l13@\uFF45xample.com', // full-width e
  'mike.l13@example\u3002com', // ideographic full stop
  'mike.l13@exam\u00ADple.com', // soft hyphen
  'mike.l13\u200B@example.com', // zero-width space
  'mi\uFEFFke.l13@example.com', // byte order mark
  'mike.l13@exam\u200Bple.com',
  'mike.l13\u00A0@example.com',
  'mik\u0435.l13@example.com', // Cyrillic е
]

test.each(LOOK_ALIKES)('L13: the look-alike %j is refused, and sends no mail to another account', async (lookAlike) => {
  await api.post('/v1/register', { email: 'mike.l13@example.com', password: NEW })
  await mailbox.drain()
  const sent = sendgrid.mails.length
  const ada = await people.verified()

  for (const path of TAKES_AN_ADDRESS) expect(await withAddress(path, lookAlike, ada)).toRefuse('invalid_email')
  expect(await logIn(lookAlike, NEW)).toRefuse('invalid_credentials')

  await mailbox.drain()
  expect(sendgrid.mails.slice(sent).filter(({ to }) => to !== ada.email)).toEqual([])
})

test('L13: a look-alike domain in another script is a different address', async () => {
  const latin = await people.verified({ email: 'ada.l13@example.org' })

  await api.post('/v1/password/forgot', { email: 'ada.l13@ex\u0430mple.org' })
  await mailbox.drain()

  expect(await mailbox.kinds(latin.email)).toEqual(['verify_email'])
})

test('L13: the mail goes to the stored address, however the address in the request is written', async () => {
  const ada = await people.verified({ email: 'Ada.L13@Example.com' })

  await api.post('/v1/password/forgot', { email: ' aDA.l13@EXAMPLE.COM ' })
  await mailbox.drain()

  expect(sendgrid.mails.at(-1)?.to).toBe('Ada.L13@example.com')
  expect(await mailbox.kinds(ada.email)).toEqual(['verify_email', 'reset_password'])
})

test.each([
  ['a zero-width space', '\u200B'],
  ['a byte order mark', '\uFEFF'],
  ['a no-break space', '\u00A0'],
])('L13: %s at either end of an address is trimmed, and the mail goes to the stored address', async (_, invisible) => {
  const ada = await people.verified()
  await mailbox.drain()
  const sent = sendgrid.mails.length

  for (const typed of [`${ada.email}${invisible}`, `${invisible}${ada.email}`]) {
    expect(await api.post('/v1/password/forgot', { email: typed })).toHaveStatus(202)
    await mailbox.drain()
  }

  expect(sendgrid.mails.slice(sent).map(({ to }) => to)).toEqual([ada.email, ada.email])
})

test('L13: an international domain is the same address in both spellings', async () => {
  await api.post('/v1/register', { email: 'ada@bücher.example', password: NEW })
  const token = await mailbox.token('ada@xn--bcher-kva.example', 'verify_email')

  expect((await api.post('/v1/email/verify', { token })).body).toEqual({ email: 'ada@xn--bcher-kva.example' })
  expect(await logIn('ada@BÜCHER.example', NEW)).toHaveStatus(200)
  expect(await logIn('ada@xn--bcher-kva.example', NEW)).toHaveStatus(200)
})
