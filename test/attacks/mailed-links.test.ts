import { expect, test } from '@jest/globals'
import type { Answer } from '../support/api.ts'
import { everyLink, type Link, openLink } from '../support/every-link.ts'
import '../support/matchers.ts'
import type { Person } from '../support/people.ts'
import { startTestApp } from '../support/test-app.ts'

const service = await startTestApp()
const { api, clock, deps, mailbox, people, logIn, resetToken } = service
const NEW = 'Battery-Staple-8'

const open = (link: Link): Promise<Answer> => openLink(service, link)

function reset(token: string, newPassword = NEW, options = {}): Promise<Answer> {
  return api.post('/v1/password/reset', { token, newPassword }, options)
}

/** Changes a person's address as the person would: requests the change, and opens the link in the new mailbox. */
async function move(person: Person, newEmail = people.newEmail()): Promise<string> {
  expect(await person.changeEmail(newEmail)).toHaveStatus(202)
  const token = await mailbox.token(newEmail, 'confirm_email')
  expect(await api.post('/v1/email/change/confirm', { token })).toHaveStatus(200)
  return newEmail
}

test('L1: a link of any kind works once, and the second use answers link_used', async () => {
  // The link that cancels a change makes the confirm link of the same change useless: it is opened by itself below.
  const links = (await everyLink(service)).filter(({ kind }) => kind !== 'email_change_requested')

  for (const link of links) {
    expect((await open(link)).status).toBeLessThan(300)
    expect(await open(link)).toRefuse('link_used')
  }
})

test('L1: a link that cancels an email change works once, and the second use answers link_used', async () => {
  const link = (await everyLink(service)).find(({ kind }) => kind === 'email_change_requested')

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
  const links = (await everyLink(service)).filter(({ kind }) => !['reset_password', 'choose_password'].includes(kind))

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
  const links = await everyLink(service)
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
  const links = await everyLink(service)

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
  const links = await everyLink(service)
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
    const link = (await everyLink(service)).find((candidate) => candidate.kind === kind) as Link
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
