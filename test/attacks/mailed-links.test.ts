import { expect, test } from '@jest/globals'
import type { MailKind } from '../../src/mail/templates/render.ts'
import type { Answer } from '../support/api.ts'
import '../support/matchers.ts'
import type { Person } from '../support/people.ts'
import { startTestApp } from '../support/test-app.ts'

const { api, clock, deps, mailbox, people, sendgrid, logIn, resetToken } = await startTestApp()
const NEW = 'Battery-Staple-8'

function reset(token: string, newPassword = NEW, options = {}): Promise<Answer> {
  return api.post('/v1/password/reset', { token, newPassword }, options)
}

/** Moves a person to another address, as they would: ask, then open the link in the new mailbox. */
async function move(person: Person, newEmail = people.newEmail()): Promise<string> {
  expect(await person.changeEmail(newEmail)).toHaveStatus(202)
  const token = await mailbox.token(newEmail, 'confirm_email')
  expect(await api.post('/v1/email/change/confirm', { token })).toHaveStatus(200)
  return newEmail
}

interface Link {
  readonly kind: MailKind
  readonly path: string
  readonly token: string
}

/** A live link of every kind, each of its own person. */
async function everyLink(): Promise<Link[]> {
  const newcomer = people.newEmail()
  await api.post('/v1/register', { email: newcomer, password: NEW })
  const forgetful = await people.verified()
  const mover = await people.verified()
  const target = people.newEmail()
  await mover.changeEmail(target)
  const moved = await people.verified()
  await move(moved)
  const squatted = people.newEmail()
  for (const password of [NEW, 'Another-Staple-9']) await api.post('/v1/register', { email: squatted, password })
  await api.post('/v1/email/verify/resend', { email: squatted })
  const link = async (kind: MailKind, path: string, email: string) => ({
    kind,
    path,
    token: await mailbox.token(email, kind),
  })
  return [
    await link('verify_email', '/v1/email/verify', newcomer),
    { kind: 'reset_password', path: '/v1/password/reset', token: await resetToken(forgetful.email) },
    await link('choose_password', '/v1/password/reset', squatted),
    await link('confirm_email', '/v1/email/change/confirm', target),
    await link('email_change_requested', '/v1/email/change/revert', mover.email),
    await link('email_changed', '/v1/email/change/revert', moved.email),
  ]
}

function open({ path, token }: Link): Promise<Answer> {
  return api.post(path, path === '/v1/password/reset' ? { token, newPassword: NEW } : { token })
}

test('L1: a link of any kind works once, and the second use answers link_used', async () => {
  // The link that cancels a change makes the confirm link of the same change useless: it is opened by itself below.
  const links = (await everyLink()).filter(({ kind }) => kind !== 'email_change_requested')

  for (const link of links) {
    expect((await open(link)).status).toBeLessThan(300)
    expect(await open(link)).toRefuse('link_used')
  }
})

test('L1: a link that cancels an email change works once, and the second use answers link_used', async () => {
  const link = (await everyLink()).find(({ kind }) => kind === 'email_change_requested')

  expect(await open(link as Link)).toHaveStatus(200)
  expect(await open(link as Link)).toRefuse('link_used')
})

test('L1: of fifty concurrent resets with one link, one succeeds', async () => {
  const ada = await people.verified()
  const token = await resetToken(ada.email)
  const passwords = Array.from({ length: 50 }, (_, index) => `Battery-Staple-${index}`)

  const answers = await Promise.all(passwords.map((password) => reset(token, password)))

  const winners = passwords.filter((_, index) => answers[index]?.status === 204)
  expect(winners).toHaveLength(1)
  for (const answer of answers.filter(({ status }) => status !== 204)) expect(answer).toRefuse('link_used')
  expect(await logIn(ada.email, winners[0] ?? '')).toHaveStatus(200)
  expect(await mailbox.kinds(ada.email)).toEqual(['verify_email', 'reset_password', 'password_was_reset'])
})

test('L1: of twenty concurrent uses of one link of any other kind, one succeeds', async () => {
  const links = (await everyLink()).filter(({ kind }) => !['reset_password', 'choose_password'].includes(kind))

  for (const link of links.filter(({ kind }) => kind !== 'email_change_requested')) {
    const answers = await Promise.all(Array.from({ length: 20 }, () => open(link)))

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const answer of answers.filter(({ status }) => status !== 200)) expect(answer).toRefuse('link_used')
  }
})

test('L1: of three links of one account that are used concurrently, one succeeds', async () => {
  const ada = await people.verified()
  const tokens = [await resetToken(ada.email), await resetToken(ada.email), await resetToken(ada.email)]

  const answers = await Promise.all(tokens.map((token, index) => reset(token, `Battery-Staple-${index}`)))

  expect(new Set(tokens).size).toBe(3)
  expect(answers.map(({ status }) => status).sort()).toEqual([204, 410, 410])
})

test('L2: a link of one kind is refused on the route of another kind, and is not consumed there', async () => {
  const links = await everyLink()
  const paths = [...new Set(links.map(({ path }) => path)), '/v1/password/reset/check']

  for (const link of links) {
    const isReset = link.path === '/v1/password/reset'
    const foreign = paths.filter((path) => path !== link.path && !(isReset && path === '/v1/password/reset/check'))
    for (const path of foreign) expect(await open({ ...link, path })).toRefuse('link_invalid')
  }
  for (const link of links.filter(({ kind }) => kind !== 'email_change_requested')) {
    expect((await open(link)).status).toBeLessThan(300)
  }
})

test('L2: refresh, access and reauthentication tokens are refused as mailed tokens', async () => {
  const ada = await people.verified()
  const { body } = await ada.post('/v1/reauthenticate', { currentPassword: ada.password })

  for (const token of [ada.tokens.refreshToken, ada.tokens.accessToken, body.reauthToken]) {
    for (const path of ['/v1/email/verify', '/v1/email/change/confirm', '/v1/email/change/revert']) {
      expect(await api.post(path, { token })).toRefuse('link_invalid')
    }
    expect(await reset(token)).toRefuse('link_invalid')
  }
})

test('L3: using one of three reset links invalidates the other two', async () => {
  const ada = await people.verified()
  const [first, second, third] = [await resetToken(ada.email), await resetToken(ada.email), await resetToken(ada.email)]

  for (const token of [first, second, third]) {
    expect(await api.post('/v1/password/reset/check', { token })).toHaveStatus(200)
  }
  expect(await reset(second)).toHaveStatus(204)

  expect(await reset(first)).toRefuse('link_expired')
  expect(await reset(third)).toRefuse('link_expired')
})

test('L3: a password change invalidates a reset link', async () => {
  const ada = await people.verified()
  const token = await resetToken(ada.email)

  await ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: NEW })

  expect(await reset(token, 'Thief-Staple-9')).toRefuse('link_expired')
  expect(await logIn(ada.email, NEW)).toHaveStatus(200)
})

test('L3, L15: an email change invalidates a reset link that was mailed to the previous address', async () => {
  const ada = await people.verified()
  const token = await resetToken(ada.email)

  const newEmail = await move(ada)

  expect(await reset(token, 'Thief-Staple-9')).toRefuse('link_expired')
  expect(await logIn(newEmail, ada.password)).toHaveStatus(200)
})

test('L15: reset instructions that were requested before an email change are not mailed after it', async () => {
  const ada = await people.verified()
  const newEmail = people.newEmail()
  await ada.changeEmail(newEmail)
  const confirm = await mailbox.token(newEmail, 'confirm_email')
  await api.post('/v1/password/forgot', { email: ada.email })

  await api.post('/v1/email/change/confirm', { token: confirm })

  expect(await mailbox.kinds(ada.email)).toEqual(['verify_email', 'email_change_requested', 'email_changed'])
})

test('L4: a password that is refused, for its rules or its form, does not consume the link', async () => {
  const ada = await people.verified()
  const token = await resetToken(ada.email)

  expect(await reset(token, 'weak')).toRefuse('password_policy')
  expect(await reset(token, ada.password)).toRefuse('password_policy')
  expect(await reset(token, 'x'.repeat(5000))).toRefuse('password_policy')
  expect(await api.post('/v1/password/reset', { token })).toRefuse('invalid_request')
  expect(await reset(token)).toHaveStatus(204)
})

test('L5: a link works for its own account, regardless of who is signed in', async () => {
  const bob = await people.verified()
  const headers = [
    {},
    { authorization: 'Bearer garbage' },
    { authorization: 'Basic Zm9vOmJhcg==' },
    { authorization: '' },
    { authorization: `Bearer ${bob.token}` },
  ]
  for (const [index, header] of headers.entries()) {
    const ada = await people.verified()
    const token = await resetToken(ada.email)

    const checked = await api.post('/v1/password/reset/check', { token }, { headers: header })
    const answer = await reset(token, `Battery-Staple-${index}`, { headers: header })

    expect(checked).toHaveStatus(200)
    expect(answer).toHaveStatus(204)
    expect(await logIn(ada.email, `Battery-Staple-${index}`)).toHaveStatus(200)
  }
  expect(await bob.get('/v1/me')).toHaveStatus(200)
  const ada = await people.verified()
  expect(await reset(await resetToken(ada.email), NEW, { token: ada.token })).toHaveStatus(204)
})

test('L6: no header of a request changes a link', async () => {
  const poison = {
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'http',
    'x-forwarded-port': '8080',
    'x-original-url': 'https://evil.example/',
    forwarded: 'host=evil.example;proto=http',
    origin: 'https://evil.example',
    referer: 'https://evil.example/reset',
    'user-agent': 'evil.example (https://evil.example)',
  }
  const ada = await people.verified()
  const newcomer = people.newEmail()
  const target = people.newEmail()

  await api.post('/v1/password/forgot', { email: ada.email }, { headers: poison })
  await api.post('/v1/register', { email: newcomer, password: NEW }, { headers: poison })
  const change = { newEmail: target, currentPassword: ada.password }
  await api.post('/v1/email/change', change, { headers: poison, token: ada.token })

  const mails = [
    ...(await mailbox.to(ada.email)).slice(1),
    ...(await mailbox.to(newcomer)),
    ...(await mailbox.to(target)),
  ]
  expect(mails.map(({ kind }) => kind).sort()).toEqual(
    ['reset_password', 'email_change_requested', 'verify_email', 'confirm_email'].sort(),
  )
  for (const { text, html } of mails) {
    const addresses = `${text} ${html}`.match(/https?:[^\s"<>]+/g) ?? []
    expect(addresses.length).toBeGreaterThan(0)
    expect(addresses.filter((address) => !address.startsWith('https://app.acme.example/'))).toEqual([])
    expect(`${text} ${html}`).not.toContain('evil.example')
  }
})

test('L7: a mail scanner that follows a link consumes nothing', async () => {
  const links = await everyLink()

  for (const { path, token } of links) {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH']) {
      for (const url of [`${path}?token=${token}`, `${path}#token=${token}`, `${path}/${token}`]) {
        expect((await api.call(method, url, undefined)).status).toBeGreaterThanOrEqual(400)
      }
    }
    expect((await api.post(`${path}?token=${token}`, {})).status).toBe(400)
  }

  for (const link of links.filter(({ kind }) => kind !== 'email_change_requested')) {
    expect((await open(link)).status).toBeLessThan(300)
  }
})

test('L8: every route that takes a mailed token refuses any change to it', async () => {
  const links = await everyLink()
  for (const link of links) {
    const { token } = link
    const swapped = token.replace(/[a-z]/, (letter) => letter.toUpperCase())
    const bent = [
      '',
      ' ',
      token.slice(1),
      token.slice(0, -1),
      ` ${token}`,
      `${token} `,
      `${token}\n`,
      `${token}=`,
      `${token}A`,
      `${token}${token}`,
      token.toUpperCase(),
      token.toLowerCase(),
      swapped,
      token.replace(/.$/, '\u0430'),
      'x'.repeat(10_240),
      '🔑'.repeat(43),
      "' OR 1=1 --",
      '../../etc/passwd',
      '%00',
      encodeURIComponent(`${token}/`),
      Buffer.from(token, 'base64url').toString('hex'),
      Buffer.from(token).toString('base64'),
    ]
    for (const presented of bent.filter((text) => text !== token)) {
      expect(await open({ ...link, token: presented })).toRefuse('link_invalid')
    }
    for (const presented of [`${token}\u0000`, `\u0000${token}`, '\ud800']) {
      expect(await open({ ...link, token: presented })).toRefuse('invalid_request')
    }
  }
})

test('L9: nothing in a dump of the database can be turned into a link, a session or a password', async () => {
  const links = await everyLink()
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

/** Every row of every table, the queue's too, as text. */
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

test.each([
  ['reset_password', 1800],
  ['choose_password', 86_400],
  ['verify_email', 86_400],
  ['confirm_email', 86_400],
])('L10: a %s link works ten seconds before it expires, and not one second after', async (kind, seconds) => {
  for (const [offset, isAlive] of [
    [-10, true],
    [1, false],
  ] as const) {
    const link = (await everyLink()).find((candidate) => candidate.kind === kind) as Link
    const { createdAt } = await deps.db.mailedToken.findFirstOrThrow({
      where: { purpose: kind === 'choose_password' ? 'reset_password' : kind },
      orderBy: { createdAt: 'desc' },
    })
    clock.advance((createdAt.getTime() - clock.now().getTime()) / 1000 + seconds + offset)

    const answer = await open(link)

    if (isAlive) expect(answer.status).toBeLessThan(300)
    else expect(answer).toRefuse('link_expired')
  }
})

test('L10: a revert link works ten seconds before its week ends, and not one second after', async () => {
  for (const [offset, isAlive] of [
    [-10, true],
    [1, false],
  ] as const) {
    const ada = await people.verified()
    await move(ada)
    const token = await mailbox.token(ada.email, 'email_changed')
    const { expiresAt } = await deps.db.mailedToken.findFirstOrThrow({
      where: { purpose: 'revert_email' },
      orderBy: { expiresAt: 'desc' },
    })
    clock.advance((expiresAt.getTime() - clock.now().getTime()) / 1000 + offset)

    const answer = await api.post('/v1/email/change/revert', { token })

    if (isAlive) expect(answer).toHaveStatus(200)
    else expect(answer).toRefuse('link_expired')
  }
})

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
