import { describe, expect, test } from '@jest/globals'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import { openSupportDesk } from '../../support/support-desk.ts'
import { startTestApp } from '../../support/test-app.ts'

const testApp = await startTestApp()
const { api, deps, mailbox, people } = testApp
const desk = await openSupportDesk(testApp)

const PASSWORD = 'Correct-Horse-7'
const from = (acceptLanguage: string) => ({ headers: { 'accept-language': acceptLanguage } })
const register = (email: string, locale?: string, acceptLanguage = '') =>
  api.post(
    '/v1/register',
    { email, password: PASSWORD, ...(locale === undefined ? {} : { locale }) },
    from(acceptLanguage),
  )

/** The language of the newest mail to an address, as its HTML declares it. */
async function newestLanguage(email: string): Promise<string | undefined> {
  const { html = '' } = (await mailbox.to(email)).at(-1) ?? {}
  return /<html lang="([^"]+)"/.exec(html)?.[1]
}

/** A person who registered with this `locale` or this Accept-Language header. */
async function registered(locale?: string, acceptLanguage = '') {
  const email = people.newEmail()
  await register(email, locale, acceptLanguage)
  await api.post('/v1/email/verify', { token: await mailbox.token(email, 'verify_email') })
  return people.signedIn(email, PASSWORD)
}

describe('at registration', () => {
  test.each<[string | undefined, string, string | null, string]>([
    ['de-at', 'en', 'de-AT', 'de'],
    [undefined, 'de-CH,de;q=0.9,en;q=0.5', 'de-CH', 'de'],
    [undefined, 'fr-FR, de;q=0.4', 'de', 'de'],
    [undefined, 'fr-FR', 'fr-FR', 'en'],
    [undefined, '*, ;;=q, <script>', null, 'en'],
  ])(
    'locale %j and Accept-Language %j give the account %j, and mail in %s',
    async (locale, header, stored, language) => {
      const ada = await registered(locale, header)

      expect((await ada.get('/v1/me')).body.locale).toBe(stored)
      expect(await newestLanguage(ada.email)).toBe(language)
    },
  )

  test.each(['', 'de_DE', 'deutsch!', 'x'.repeat(36), 'de\n'])(
    'the locale %j is refused, naming the field',
    async (locale) => {
      const answer = await register(people.newEmail(), locale)

      expect(answer).toRefuse('invalid_request')
      expect(answer.body.violations).toMatchObject([{ field: 'locale', rule: 'language_tag' }])
    },
  )

  test('a locale that is no text is refused', async () => {
    const answer = await api.post('/v1/register', { email: people.newEmail(), password: PASSWORD, locale: ['de'] })

    expect(answer).toRefuse('invalid_request')
  })

  test('the answer with a locale is the same for a free address and for one in use', async () => {
    const ada = await people.verified()
    const [free, used] = [await register(people.newEmail(), 'de'), await register(ada.email, 'de')]

    expect({ ...used.body, receipt: '' }).toEqual({ ...free.body, receipt: '' })
    expect(used.status).toBe(free.status)
  })
})

describe('PATCH /v1/me', () => {
  test('changes the language of later mails, and is recorded', async () => {
    const ada = await registered('en')
    const { id } = (await ada.get('/v1/me')).body

    const answer = await ada.patch('/v1/me', { locale: 'de-de' })
    await ada.patch('/v1/me', { locale: 'de-DE' }) // changes nothing, and is not recorded
    await api.post('/v1/password/forgot', { email: ada.email }, from('en'))

    expect(answer).toHaveStatus(200)
    expect(answer.body).toEqual((await ada.get('/v1/me')).body)
    expect(answer.body.locale).toBe('de-DE')
    expect(await newestLanguage(ada.email)).toBe('de')
    expect(await eventsOf(deps, 'account.locale_changed', id)).toMatchObject([
      { outcome: 'success', details: { from: 'en', to: 'de-DE' } },
    ])
  })

  test('with null, lets each request choose the language of its mail again', async () => {
    const ada = await registered('de')

    const answer = await ada.patch('/v1/me', { locale: null })
    await api.post('/v1/password/forgot', { email: ada.email }, from('en-US'))

    expect(answer.body.locale).toBeNull()
    expect(await newestLanguage(ada.email)).toBe('en')
  })

  test('refuses what is no language tag, and every other field', async () => {
    const ada = await people.verified()

    for (const body of [{ locale: 'de_DE' }, { locale: '' }, { locale: 5 }, {}]) {
      const answer = await ada.patch('/v1/me', body)
      expect(answer).toRefuse('invalid_request')
      expect(answer.body.violations).toMatchObject([{ field: 'locale' }])
    }
    expect(await ada.patch('/v1/me', { locale: 'de', email: 'eve@example.com' })).toRefuse('invalid_request')
    expect((await ada.get('/v1/me')).body).toMatchObject({ email: ada.email, locale: null })
  })
})

describe('the language of a mail', () => {
  test('is the one of the account, whatever a stranger asks for', async () => {
    const ada = await registered('de')

    await api.post('/v1/password/forgot', { email: ada.email }, from('en'))
    const reset = await newestLanguage(ada.email)
    await register(ada.email, 'en', 'en')

    expect(reset).toBe('de')
    expect((await mailbox.to(ada.email)).at(-1)).toMatchObject({ kind: 'already_registered' })
    expect(await newestLanguage(ada.email)).toBe('de')
  })

  test('is the one of the account in every mail of an email change', async () => {
    const ada = await registered('de')
    const [former, next] = [ada.email, people.newEmail()]

    await people.move(ada, next)
    await api.post('/v1/email/change/revert', { token: await mailbox.token(former, 'email_changed') })
    const mails = [...(await mailbox.to(former)), ...(await mailbox.to(next))]

    expect(mails.map(({ kind }) => kind).sort()).toEqual([
      'confirm_email',
      'email_change_requested',
      'email_change_reverted',
      'email_changed',
      'reset_after_revert',
      'verify_email',
    ])
    for (const { html, subject } of mails) {
      expect(html).toContain('<html lang="de"')
      expect(subject).toMatch(/Adresse/)
    }
  })

  test('is the registration’s where a stranger requests another verification mail', async () => {
    const email = people.newEmail()
    await register(email, 'de')

    await api.post('/v1/email/verify/resend', { email }, from('en'))
    const mails = await mailbox.to(email)

    expect(mails.map(({ kind }) => kind)).toEqual(['verify_email', 'verify_email'])
    expect(mails.every(({ html }) => html.includes('<html lang="de"'))).toBe(true)
  })

  test('is the one that the request asks for where there is no account', async () => {
    const locked = await people.lockedEmail()

    await register(locked, undefined, 'de')

    expect((await mailbox.to(locked)).at(-1)).toMatchObject({ kind: 'address_locked' })
    expect(await newestLanguage(locked)).toBe('de')
  })

  test('is the default language for a mail that an earlier version queued', async () => {
    const ada = await people.verified()
    await api.post('/v1/password/forgot', { email: ada.email }, from('de'))
    const { id } = await deps.db.mail.findFirstOrThrow({ where: { address: ada.email }, orderBy: { queuedAt: 'desc' } })
    const context = { at: new Date().toISOString(), ip: null, userAgent: null }
    await deps.db.mail.update({ where: { id }, data: { context } })

    expect(await newestLanguage(ada.email)).toBe('en')
  })

  test('is also that of the device names in the session list', async () => {
    const ada = await registered('de')

    expect((await ada.get('/v1/sessions')).body.sessions).toMatchObject([{ device: 'ein unbekanntes Gerät' }])
  })
})

describe('the support desk', () => {
  test('creates accounts with a locale, shows it, and its mails are written in it', async () => {
    const email = people.newEmail()

    const made = await desk.post('/users', { email, locale: 'de-ch' })
    await desk.post(`/users/${made.body.id}/password-reset`)

    expect(made.body).toMatchObject({ locale: 'de-CH' })
    expect((await desk.get(`/users/${made.body.id}`)).body).toMatchObject({ locale: 'de-CH' })
    expect(await newestLanguage(email)).toBe('de')
  })

  test('gets a refusal that names the field for a locale that is none', async () => {
    const answer = await desk.post('/users', { email: people.newEmail(), locale: 'de_CH' })

    expect(answer).toRefuse('invalid_request')
    expect(answer.body.violations).toMatchObject([{ field: 'locale' }])
  })

  test('an erasure leaves no trace of the locale', async () => {
    const ada = await registered('gsw-CH')
    const { id } = (await ada.get('/v1/me')).body
    await ada.patch('/v1/me', { locale: 'gsw-LI' })

    await desk.delete(`/users/${id}`)
    const rows = await deps.pool.query(
      `SELECT (SELECT string_agg(a::text, '') FROM accounts a) AS accounts, (SELECT string_agg(r::text, '') FROM registrations r) AS registrations,
        (SELECT string_agg(m::text, '') FROM mails m) AS mails, (SELECT string_agg(e::text, '') FROM events e) AS events`,
    )

    expect(JSON.stringify(rows.rows)).not.toContain('gsw')
  })
})
