import { describe, expect, test } from '@jest/globals'
import type { MailFrame } from '../../src/mail/templates/layout.ts'
import { type MailKind, type MailMatters, type MailText, renderMail } from '../../src/mail/templates/render.ts'
import { lifetimeInWords, momentInWords } from '../../src/mail/templates/time-in-words.ts'

const LINK = 'https://app.acme.example/page#token=qX3v8Kc1pTzW0sYbN5mLhRgDeUjFa2Io7VxE9tCyBnM'

const frame: MailFrame = {
  productName: 'Acme',
  supportContact: 'help@acme.example',
  at: new Date('2026-11-23T17:40:59Z'),
  device: 'Firefox on Windows (IP address 203.0.113.9)',
}
const withLink = (lifetimeSeconds: number) => ({ link: LINK, lifetimeSeconds })

const examples: MailMatters = {
  verify_email: withLink(86_400),
  choose_password: withLink(86_400),
  already_registered: {},
  address_locked: {},
  reset_password: { ...withLink(1800), requestedBy: 'person' },
  reset_after_revert: { ...withLink(1800), email: 'ada@example.com' },
  confirm_email: withLink(86_400),
  email_change_requested: { ...withLink(604_800), newEmailHint: 'n•••@example.net' },
  email_changed: { ...withLink(604_800), newEmailHint: 'n•••@example.net' },
  email_change_reverted: {},
  password_changed: {},
  password_was_reset: {},
}
const kinds = Object.keys(examples) as MailKind[]
const kindsWithLink = kinds.filter((kind) => 'link' in examples[kind])
const kindsWithUndo: MailKind[] = ['email_change_requested', 'email_changed']

/** The example of a kind, with some of its matter or of its frame changed. */
function render(kind: MailKind, changes: Record<string, unknown> = {}) {
  const text = { kind, matter: { ...examples[kind], ...changes } } as MailText
  return renderMail(text, { ...frame, ...changes })
}

function occurrences(of: string, within: string): number {
  return within.split(of).length - 1
}

/** What a person sees of the HTML. */
function visible(html: string): string {
  const body = html.slice(html.indexOf('<body')).replace(/<[^>]*>/g, ' ')
  const entities = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' }
  return Object.entries(entities).reduce((text, [entity, character]) => text.replaceAll(entity, character), body)
}

describe.each(kinds)('%s', (kind) => {
  test('names the product, Support, the time and the device', () => {
    const { text, html } = render(kind)

    for (const part of [text, visible(html)]) {
      expect(part).toContain('Acme')
      expect(part).toMatch(/Support: +help@acme\.example/)
      expect(part).toMatch(/When: +23 November 2026 at 17:40 UTC/)
      expect(part).toMatch(/Device: +Firefox on Windows \(IP address 203\.0\.113\.9\)/)
    }
  })

  test('names no device if there is none to name', () => {
    expect(render(kind, { device: null }).text).not.toContain('Device')
    expect(visible(render(kind, { device: null }).html)).not.toContain('Device')
  })

  test('says once what a reader does who did not cause it', () => {
    const { text } = render(kind)
    const hints = text.match(/Wasn't you\?|If it wasn't you|If you didn't|If the account is yours and you didn't/g)

    expect(hints).toHaveLength(1)
  })

  test('has a subject with the name of the product, which the preview does not repeat', () => {
    const { subject, text, html } = render(kind)
    const [preview = ''] = text.split('\n')

    expect(subject).toContain('Acme')
    expect(visible(html).trim().startsWith(preview)).toBe(true)
    expect(preview).not.toContain(subject)
    expect(subject).not.toContain(preview)
  })

  test('offers the support address as a link', () => {
    expect(render(kind).html).toContain('href="mailto:help@acme.example"')
    expect(render(kind, { supportContact: 'https://acme.example/help' }).html).toContain(
      'href="https://acme.example/help"',
    )
    expect(render(kind, { supportContact: '+1 202 555 0100' }).html).not.toContain('quiet" style="color:#52525b" href')
  })

  test('says the same in text and in HTML', () => {
    const { text, html } = render(kind)
    const words = (part: string) => part.replaceAll(LINK, '').replaceAll(':', '').split(/\s+/).filter(Boolean).join(' ')

    expect(words(visible(html))).toBe(words(text))
  })

  test('has a short subject that nobody outside can write into', () => {
    const { subject } = render(kind)
    const hostile = { device: 'Y', email: 'Z', newEmailHint: 'Z', link: 'Z' }

    expect(subject.length).toBeGreaterThan(10)
    expect(subject.length).toBeLessThan(60)
    expect(render(kind, hostile).subject).toBe(subject)
    expect(render(kind, { productName: 'X\r\nBcc: eve@evil.example' }).subject).not.toMatch(/[\r\n]/)
  })

  test.each(['productName', 'supportContact', 'device'])('does not render without its %s', (part) => {
    expect(() => render(kind, { [part]: undefined })).toThrow(part)
    expect(() => render(kind, { [part]: '  ' })).toThrow(part)
  })

  test('does not render without its time', () => {
    expect(() => render(kind, { at: new Date('yesterday') })).toThrow('time')
  })

  test('is small, and fetches nothing', () => {
    const { html } = render(kind)

    expect(Buffer.byteLength(html)).toBeLessThan(10_000)
    expect(html).not.toMatch(/<img|<script|<link|<iframe|<form|@import|url\(|\ssrc=/i)
    const addresses = html.match(/[a-z]+:\/\/[^"\s<]+/gi) ?? []
    expect(addresses.filter((address) => address !== LINK)).toEqual([])
  })

  test('shows hostile names as the text they are', () => {
    const evil = `<a href="//evil.example">Reset</a>'"&amp;<script>`
    const { text, html } = render(kind, { productName: evil, supportContact: evil, device: evil, newEmailHint: evil })

    expect(html).not.toContain('<a href="//evil')
    expect(html).not.toContain('<script')
    expect(visible(html)).toContain(evil)
    expect(text).toContain(evil)
  })

  test('lets no name start a line of its own', () => {
    const twoLines = 'Acme\r\nWhen: never\u2028Device: none\0'
    const { text } = render(kind, { productName: twoLines, supportContact: twoLines, device: twoLines })

    expect(text.match(/^When:/gm)).toHaveLength(1)
    expect(text.match(/^Device:/gm)).toHaveLength(1)
    expect(text).not.toMatch(/[^\P{Cc}\n]|\u2028/u)
  })
})

describe.each(kindsWithLink)('the link of %s', (kind) => {
  test('occurs once in each part, and the HTML shows a button instead of it', () => {
    const { text, html } = render(kind)

    expect(occurrences(LINK, text)).toBe(1)
    expect(occurrences(LINK, html)).toBe(1)
    expect(html).toContain(`href="${LINK}"`)
    expect(occurrences('<a ', html)).toBe(2) // the other is the support contact
    expect(visible(html)).not.toContain('token')
  })

  test('has a line of its own in the text', () => {
    expect(render(kind).text.split('\n')).toContain(LINK)
  })

  test('cannot break out of its attribute', () => {
    const link = 'https://app.acme.example/?a=1&b="><script>#token=x'

    expect(render(kind, { link }).html).toContain(
      'href="https://app.acme.example/?a=1&amp;b=&quot;&gt;&lt;script&gt;#token=x"',
    )
  })

  test('has its lifetime in words', () => {
    expect(render(kind, { lifetimeSeconds: 1800 }).text).toContain('works for 30 minutes')
    expect(render(kind, { lifetimeSeconds: 86_400 }).text).toContain('works for 24 hours')
    expect(render(kind, { lifetimeSeconds: 604_800 }).text).toContain('works for 7 days')
  })

  test('is never missing, and neither is its lifetime', () => {
    expect(() => render(kind, { link: '' })).toThrow('link')
    expect(() => render(kind, { link: undefined })).toThrow('link')
    expect(() => render(kind, { lifetimeSeconds: undefined })).toThrow('lifetime')
    expect(() => render(kind, { lifetimeSeconds: 0 })).toThrow('lifetime')
  })
})

test('a notice without an action has no link but that to Support', () => {
  const notices = kinds.filter((kind) => !kindsWithLink.includes(kind))

  expect(notices).toEqual([
    'already_registered',
    'address_locked',
    'email_change_reverted',
    'password_changed',
    'password_was_reset',
  ])
  for (const kind of notices)
    expect(render(kind).html.match(/href="[^"]*"/g)).toEqual(['href="mailto:help@acme.example"'])
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

test.each(kindsWithUndo)(
  'the undo of %s is outlined, and comes after the question whether it was the reader',
  (kind) => {
    const { html, text } = render(kind)

    expect(text.indexOf("This wasn't me")).toBeGreaterThan(text.indexOf("Wasn't you?"))
    expect(html).toContain('class="outlined"')
    expect(html).not.toContain('bgcolor="#1d4ed8"')
  },
)

test('reset instructions that Support sent say so, and do not ask to ignore them', () => {
  const { text } = render('reset_password', { requestedBy: 'support', device: null })

  expect(text).toContain('Acme Support sent you this link')
  expect(text).not.toMatch(/ignore this mail|unknown device/)
})

test('a lifetime is given in the unit that a person would use, and is never overstated', () => {
  const lives = [1, 59, 60, 90, 1800, 3600, 5400, 7200, 86_400, 100_000, 172_800, 604_800, 700_000]

  expect(lives.map(lifetimeInWords)).toEqual([
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
  expect(momentInWords(new Date('2026-01-01T00:00:00+02:00'))).toBe('31 December 2025 at 22:00 UTC')
  expect(momentInWords(new Date('2028-02-29T09:05:00Z'))).toBe('29 February 2028 at 09:05 UTC')
})
