import { describe, expect, test } from '@jest/globals'
import { describeDevice } from '../../src/mail/device.ts'
import { exampleMails } from '../../src/mail/preview/examples.ts'
import { contrast } from '../../src/mail/templates/colors.ts'
import type { MailFrame } from '../../src/mail/templates/letter.ts'
import { type MailText, renderMail } from '../../src/mail/templates/render.ts'
import { lifetimeInWords, momentInWords } from '../../src/mail/templates/time-in-words.ts'
import { builtInTexts, type TextName } from '../../src/mail/texts/catalogue.ts'
import { BUILT_IN_TEXTS, chooseWording } from '../../src/mail/texts/wording.ts'

const PAGE = 'https://app.acme.example/page#token={token}'
const examples = exampleMails({
  verifyEmail: PAGE,
  resetPassword: PAGE,
  confirmEmail: PAGE,
  revertEmail: PAGE,
  lifetimes: { verifyToken: 86_400, resetToken: 1800, revertToken: 604_800 },
})
const names = Object.keys(examples) as TextName[]
const namesWithLink = names.filter((name) => 'link' in examples[name].matter)
const namesWithUndo: TextName[] = ['email_change_requested', 'email_changed']
const LINK = PAGE.replace('{token}', 'EXAMPLE-EXAMPLE-EXAMPLE-EXAMPLE-EXAMPLE-EXA')

const frame: MailFrame = {
  wording: chooseWording(BUILT_IN_TEXTS, 'en'),
  productName: 'Acme',
  supportContact: 'help@acme.example',
  at: new Date('2026-11-23T17:40:59Z'),
  device: 'Firefox on Windows (IP address 203.0.113.9)',
  logoUrl: null,
  color: '#1d4ed8',
  legal: null,
}
const german = chooseWording(BUILT_IN_TEXTS, 'de')

/** The example of a text, with some of its matter or of its frame changed. */
function render(name: TextName, changes: Record<string, unknown> = {}) {
  const { kind, matter } = examples[name]
  return renderMail({ kind, matter: { ...matter, ...changes } } as MailText, { ...frame, ...changes })
}

function occurrences(of: string, within: string): number {
  return within.split(of).length - 1
}

/** The preview line of a mail program: the hidden first words of the HTML, without what fills the line. */
function previewOf(html: string): string {
  const hidden = /<div class="preheader"[^>]*>(.*?)<\/div>/s.exec(html)?.[1] ?? ''
  return decode(hidden.replaceAll('&#847;&zwnj;&nbsp;', ''))
}

/** What a person sees of the HTML. */
function visible(html: string): string {
  const body = html.slice(html.indexOf('<body')).replace(/<div class="preheader".*?<\/div>/s, '')
  return decode(body.replace(/<[^>]*>/g, ' '))
}

function decode(html: string): string {
  const entities = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' }
  return Object.entries(entities).reduce((text, [entity, character]) => text.replaceAll(entity, character), html)
}

describe.each(names)('%s', (name) => {
  test('names the product, Support, the time and the device', () => {
    const { text, html } = render(name)

    for (const part of [text, visible(html)]) {
      expect(part).toContain('Acme')
      expect(part).toMatch(/Support: +help@acme\.example/)
      expect(part).toMatch(/When: +23 November 2026 at 17:40 UTC/)
      expect(part).toMatch(/Device: +Firefox on Windows \(IP address 203\.0\.113\.9\)/)
    }
  })

  test('names no device if there is none to name', () => {
    expect(render(name, { device: null }).text).not.toContain('Device')
    expect(visible(render(name, { device: null }).html)).not.toContain('Device')
  })

  test('says once what a reader does who did not cause it', () => {
    const { text } = render(name)
    const hints = text.match(
      /Wasn't you\?|If it wasn't you|If you didn't|If you haven't been in touch|If the account is yours and you didn't/g,
    )

    expect(hints).toHaveLength(1)
  })

  test('has a subject with the name of the product, which the preview does not repeat', () => {
    const { subject, preheader, text, html } = render(name)
    const preview = previewOf(html)

    expect(subject).toContain('Acme')
    expect(preview).toBe(preheader)
    expect(preview.length).toBeGreaterThan(15)
    expect(subject).not.toContain(preview)
    expect(preview).not.toContain(subject)
    expect(text).not.toContain(subject)
  })

  test('offers the support address as a link', () => {
    expect(render(name).html).toContain('href="mailto:help@acme.example"')
    expect(render(name, { supportContact: 'https://acme.example/help' }).html).toContain(
      'href="https://acme.example/help"',
    )
    expect(render(name, { supportContact: '+1 202 555 0100' }).html).not.toContain('quiet" style="color:#52525b" href')
  })

  test('says the same in text and in HTML', () => {
    const { text, html } = render(name)
    const words = (part: string) => part.replaceAll(':', '').split(/\s+/).filter(Boolean).join(' ')
    const shown = visible(html).replace(builtInTexts.en.words.linkAsText, '')

    expect(words(shown)).toBe(words(text))
  })

  test('has a short subject that nobody outside can write into', () => {
    const { subject } = render(name)
    const link = 'link' in examples[name].matter ? { link: 'Z' } : {}
    const hostile = { device: 'Y', email: 'Z', newEmailHint: 'Z', ...link }

    expect(subject.length).toBeGreaterThan(10)
    expect(subject.length).toBeLessThan(60)
    expect(render(name, hostile).subject).toBe(subject)
    expect(render(name, { productName: 'X\r\nBcc: eve@evil.example' }).subject).not.toMatch(/[\r\n]/)
  })

  test.each(['productName', 'supportContact', 'device'])('does not render without its %s', (part) => {
    expect(() => render(name, { [part]: undefined })).toThrow(part)
    expect(() => render(name, { [part]: '  ' })).toThrow(part)
  })

  test('does not render without its time', () => {
    expect(() => render(name, { at: new Date('yesterday') })).toThrow('time')
  })

  test('is small, and fetches nothing', () => {
    const { html } = render(name)

    expect(Buffer.byteLength(html)).toBeLessThan(10_000)
    expect(html).not.toMatch(/<img|<script|<link|<iframe|<form|@import|url\(|\ssrc=/i)
    const addresses = html.match(/[a-z]+:\/\/[^"\s<]+/gi) ?? []
    expect(addresses.filter((address) => address !== LINK)).toEqual([])
  })

  test('shows hostile names as the text they are', () => {
    const evil = `<a href="//evil.example">Reset</a>'"&amp;<script>`
    const { text, html } = render(name, { productName: evil, supportContact: evil, device: evil, newEmailHint: evil })

    expect(html).not.toContain('<a href="//evil')
    expect(html).not.toContain('<script')
    expect(visible(html)).toContain(evil)
    expect(text).toContain(evil)
  })

  test('lets no name start a line of its own', () => {
    const twoLines = 'Acme\r\nWhen: never\u2028Device: none\0'
    const { text } = render(name, { productName: twoLines, supportContact: twoLines, device: twoLines })

    expect(text.match(/^When:/gm)).toHaveLength(1)
    expect(text.match(/^Device:/gm)).toHaveLength(1)
    expect(text).not.toMatch(/[^\P{Cc}\n]|\u2028/u)
  })
})

describe.each(namesWithLink)('the link of %s', (name) => {
  test('occurs once in the text; in the HTML it is a button, and below it the link as text', () => {
    const { text, html } = render(name)
    const targets = [...html.matchAll(/<a [^>]*href="([^"]*)"[^>]*>([^<]*)/g)].map(([, href, shown]) => ({
      href,
      shown,
    }))

    expect(occurrences(LINK, text)).toBe(1)
    expect(targets).toEqual([
      { href: LINK, shown: expect.not.stringContaining('token') },
      { href: LINK, shown: LINK },
      { href: 'mailto:help@acme.example', shown: 'help@acme.example' },
    ])
  })

  test('has a line of its own in the text', () => {
    expect(render(name).text.split('\n')).toContain(LINK)
  })

  test('cannot break out of its attribute', () => {
    const link = 'https://app.acme.example/?a=1&b="><script>#token=x'

    expect(render(name, { link }).html).toContain(
      'href="https://app.acme.example/?a=1&amp;b=&quot;&gt;&lt;script&gt;#token=x"',
    )
  })

  test('has its lifetime in words', () => {
    expect(render(name, { lifetimeSeconds: 1800 }).text).toContain('works for 30 minutes')
    expect(render(name, { lifetimeSeconds: 86_400 }).text).toContain('works for 24 hours')
    expect(render(name, { lifetimeSeconds: 604_800 }).text).toContain('works for 7 days')
  })

  test('is never missing, and neither is its lifetime', () => {
    expect(() => render(name, { link: '' })).toThrow('link')
    expect(() => render(name, { link: undefined })).toThrow('link')
    expect(() => render(name, { lifetimeSeconds: undefined })).toThrow('lifetime')
    expect(() => render(name, { lifetimeSeconds: 0 })).toThrow('lifetime')
  })
})

test('a notice without an action has no link but that to Support', () => {
  const notices = names.filter((name) => !namesWithLink.includes(name))

  expect(notices).toEqual([
    'already_registered',
    'address_locked',
    'email_change_reverted',
    'password_changed',
    'password_was_reset',
  ])
  for (const name of notices)
    expect(render(name).html.match(/href="[^"]*"/g)).toEqual(['href="mailto:help@acme.example"'])
})

describe('what a mail says about an address', () => {
  test('a stranger at the new address learns nothing about the account', () => {
    expect(render('confirm_email').text).toContain('for their Acme account')
  })

  test('the old address is told where the account goes, as a hint', () => {
    expect(render('email_change_requested').text).toContain('n•••@example.net')
    expect(render('email_changed').text).toContain('n•••@example.net')
  })

  test('the mail after a revert names the address that was restored', () => {
    expect(render('reset_after_revert').text).toContain('is ada@example.com again')
  })
})

test.each(namesWithUndo)(
  'the undo of %s is outlined, and comes after the question whether it was the reader',
  (name) => {
    const { html, text } = render(name)

    expect(text.indexOf("This wasn't me")).toBeGreaterThan(text.indexOf("Wasn't you?"))
    expect(html).toContain('class="outlined"')
    expect(html).not.toContain('bgcolor="#1d4ed8"')
  },
)

test('reset instructions that Support sent say so, and do not ask to ignore them', () => {
  const { text } = render('reset_password_by_support', { device: null })

  expect(text).toContain('Acme Support sent you this link')
  expect(text).not.toMatch(/ignore this mail|unknown device/)
})

test('a lifetime is given in the unit that a person would use, and is never overstated', () => {
  const lives = [1, 59, 60, 90, 1800, 3600, 5400, 7200, 86_400, 100_000, 172_800, 604_800, 700_000]

  expect(lives.map((seconds) => lifetimeInWords(seconds, 'en-GB'))).toEqual([
    '1 second',
    '59 seconds',
    '1 minute',
    '1 minute',
    '30 minutes',
    '1 hour',
    '90 minutes',
    '2 hours',
    '24 hours',
    '27 hours',
    '2 days',
    '7 days',
    '8 days',
  ])
})

test('a time is given in UTC, whatever the time zone of the machine', () => {
  const inWords = (time: string) => momentInWords(new Date(time), 'en-GB', builtInTexts.en.words)

  expect(inWords('2026-01-01T00:00:00+02:00')).toBe('31 December 2025 at 22:00 UTC')
  expect(inWords('2028-02-29T09:05:00Z')).toBe('29 February 2028 at 09:05 UTC')
})

describe('a reader of another language', () => {
  test.each(names)('gets %s in that language in every part', (name) => {
    const { words } = german.texts
    const device = describeDevice(null, '203.0.113.9', words)
    const { subject, text, html } = render(name, { wording: german, device })
    const english = render(name)

    expect(subject).not.toBe(english.subject)
    expect(html).toMatch(/<html lang="de" dir="ltr">/)
    for (const part of [text, visible(html)]) {
      expect(part).toMatch(/Zeitpunkt: +23\. November 2026 um 17:40 Uhr \(UTC\)/)
      expect(part).toMatch(/Gerät: +ein unbekanntes Gerät \(IP-Adresse 203\.0\.113\.9\)/)
      expect(part).not.toMatch(/\b(the|your|and|device|link works)\b/)
    }
  })

  test('reads dates and durations in the form of their own country', () => {
    const at = new Date('2026-01-02T15:04:00Z')
    const dates = ['en', 'en-US', 'de-AT', 'de-DE-u-ca-buddhist'].map((locale) => {
      const wording = chooseWording(BUILT_IN_TEXTS, locale)
      return momentInWords(at, wording.locale, wording.texts.words).replace('\u202F', ' ')
    })

    expect(dates).toEqual([
      '2 January 2026 at 15:04 UTC',
      'January 2, 2026 at 3:04 PM UTC',
      '2. Jänner 2026 um 15:04 Uhr (UTC)',
      '2. Januar 2026 um 15:04 Uhr (UTC)',
    ])
    expect(lifetimeInWords(604_800, 'de')).toBe('7 Tage')
  })

  test('reads from right to left where the language is written so', () => {
    const catalogues = new Map(Object.entries({ ...builtInTexts, ar: builtInTexts.en }))
    const wording = chooseWording({ catalogues, defaultLanguage: 'en' }, 'ar-EG')

    expect(render('verify_email', { wording }).html).toContain('<html lang="ar" dir="rtl">')
  })
})

test("an operator's text is shown as the text it is, and the link stays", () => {
  const markup = '<a href="//evil.example">{product}</a><!--'
  const { verify_email, ...texts } = builtInTexts.en
  const note = { ...verify_email, heading: markup, body: [markup, '{lifetime}'], button: markup, note: markup }
  const wording = { ...frame.wording, texts: { ...texts, verify_email: note } }
  const { text, html } = render('verify_email', { wording })

  expect(html).not.toMatch(/<a href="\/\/evil|<!--(?!\[if mso)/)
  expect(occurrences('<a href="//evil.example">Acme</a><!--', visible(html))).toBe(4)
  expect(occurrences(`href="${LINK}"`, html)).toBe(2)
  expect(text.split('\n')).toContain(LINK)
})

describe("an operator's design", () => {
  const legal = 'Acme Ltd., 1 Example Street, London'

  test('the legal line ends both parts', () => {
    const { text, html } = render('password_changed', { legal })

    expect(text.trimEnd().endsWith(legal)).toBe(true)
    expect(visible(html).trimEnd().endsWith(legal)).toBe(true)
  })

  test('the logo takes the place of the name, and is the name for a reader who sees no pictures', () => {
    const { html } = render('password_changed', { logoUrl: 'https://acme.example/logo.png?size=2"><script>' })

    expect(html).toContain('src="https://acme.example/logo.png?size=2&quot;&gt;&lt;script&gt;" alt="Acme"')
    expect(html.match(/\ssrc=/g)).toHaveLength(1)
  })

  test.each(['#1d4ed8', '#ffffff', '#000000', '#facc15', '#777777'])('the button can be read in %s', (color) => {
    const { html } = render('verify_email', { color })
    const button =
      /class="button" bgcolor="(#[0-9a-f]{6})".*?border:1px solid (#[0-9a-f]{6}).*?font-weight:bold;color:(#[0-9a-f]{6})/s
    const [, background = '', border = '', text = ''] = button.exec(html) ?? []

    expect(background).toBe(color)
    expect(contrast(background, text)).toBeGreaterThan(4)
    expect(contrast(border, '#ffffff')).toBeGreaterThanOrEqual(3)
  })
})
