import { describe, expect, test } from '@jest/globals'
import { describeDevice } from '../../src/mail/device.ts'
import { maskAddress } from '../../src/mail/mask-address.ts'
import { builtInTexts } from '../../src/mail/texts/catalogue.ts'

const inEnglish = (userAgent: string | null, ip: string | null) => describeDevice(userAgent, ip, builtInTexts.en.words)

const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0'

describe('a device has the name that its owner would use', () => {
  test.each([
    [FIREFOX, 'Firefox on Windows'],
    [`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Chrome/142.0.0.0 Safari/537.36`, 'Chrome on macOS'],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1',
      'Safari on iOS',
    ],
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0`,
      'Microsoft Edge on Windows',
    ],
    [
      `Mozilla/5.0 (Linux; Android 15; SM-S928B) ${WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`,
      'Samsung Internet on Android',
    ],
    [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${WEBKIT} Chrome/142.0.0.0 Safari/537.36`, 'Chrome on Chrome OS'],
  ])('%s', (userAgent, name) => {
    expect(inEnglish(userAgent, null)).toBe(name)
  })

  test('and its IP address is added', () => {
    expect(inEnglish(FIREFOX, '203.0.113.9')).toBe('Firefox on Windows (IP address 203.0.113.9)')
    expect(inEnglish(FIREFOX, '2001:db8::7')).toBe('Firefox on Windows (IP address 2001:db8::7)')
    expect(inEnglish(FIREFOX, '::ffff:203.0.113.9')).toBe('Firefox on Windows (IP address 203.0.113.9)')
    expect(inEnglish(null, '203.0.113.9')).toBe('an unknown device (IP address 203.0.113.9)')
  })
})

test('a device is described in the language of the reader', () => {
  const { words } = builtInTexts.de

  expect(describeDevice(FIREFOX, '203.0.113.9', words)).toBe('Firefox unter Windows (IP-Adresse 203.0.113.9)')
  expect(describeDevice('Other/1.0 (Windows NT 10.0)', null, words)).toBe('eine unbekannte App unter Windows')
  expect(describeDevice(null, null, words)).toBe('ein unbekanntes Gerät')
})

describe('text that an attacker writes into the header is never shown', () => {
  test.each([
    null,
    '',
    '   ',
    'curl/8.5.0',
    'Your-account-is-locked/1.0',
    'Call +1 555 0100 now',
    '<a href="https://evil.example">Sign in</a>',
    'https://evil.example/reset#token=x',
    'EvilCorp Security (visit evil.example) Helpdesk/1.0',
    'Slackbot 1.0 evil.example',
    '\u202Eelpmaxe.live',
    'a'.repeat(16_000),
    'constructor',
    '__proto__/1.0',
  ])('%j is an unknown device', (userAgent) => {
    expect(inEnglish(userAgent, null)).toBe('an unknown device')
  })

  test.each([
    'Evil.example/1.0 (Windows NT 10.0)',
    'Mozilla/5.0 (evil.example; Windows NT 10.0) Evil/1.0',
    'Mozilla/5.0 (Linux; Android 15; evil.example Build/UP1A) evil.example Chrome/142.0 Mobile Safari/537.36 evil.example',
    'Mozilla/5.0 (iPhone; CPU iPhone OS evil.example like Mac OS X) Version/evil.example Safari/evil.example',
    'Mozilla/5.0 (Roku/DVP-evil.example) evil.example',
    'Opera/9.80 (evil.example) Version/evil.example',
    'Dalvik/2.1.0 (Linux; U; Android 15; evil.example)',
  ])('nothing of %j is repeated but known names', (userAgent) => {
    expect(inEnglish(userAgent, null)).not.toMatch(/evil/i)
    expect(inEnglish(userAgent, null)).toMatch(/^[A-Za-z ]+$/)
  })

  test.each(['evil.example', '203.0.113.9, evil.example', 'fe80::1%call-evil.example', '<b>', '', '203.0.113.999'])(
    'an address %j is left out',
    (ip) => {
      expect(inEnglish(null, ip)).toBe('an unknown device')
    },
  )

  test('a header is read only up to the length of real ones', () => {
    expect(inEnglish('x'.repeat(600) + FIREFOX, null)).toBe('an unknown device')
  })

  test('a header that was made to be slow to parse is parsed at once', () => {
    const before = process.cpuUsage()
    for (const piece of ['Opera ', 'Version/1.', 'mac os x 1_', ' Mobile/', '((', 'CPU iPhone OS 1_'])
      inEnglish(`Mozilla/5.0 ${piece.repeat(4000)}`, null)

    const { user, system } = process.cpuUsage(before) // in microseconds of the processor, whatever else the machine does
    expect(user + system).toBeLessThan(1_000_000)
  })
})

test('a masked address is recognised by its holder, and shows a stranger only the domain', () => {
  expect(maskAddress('ada@example.com')).toBe('a•••@example.com')
  expect(maskAddress('a@example.com')).toBe('a•••@example.com')
  expect(maskAddress('"odd@local"@example.com')).toBe('"•••@example.com')
  expect(maskAddress('no-address')).toBe('•••')
  expect(maskAddress('@example.com')).toBe('•••')
  expect(maskAddress('')).toBe('•••')
})
