import { isIP } from 'node:net'
import { getParser } from 'bowser'
import { fill, type Words } from './texts/catalogue.ts'

/** The parser's name of each browser, and the name that is shown. Other browsers are not named. */
const BROWSERS = new Map([
  ['Amazon Silk', 'Amazon Silk'],
  ['Android Browser', 'Android Browser'],
  ['Brave', 'Brave'],
  ['Chrome', 'Chrome'],
  ['Chromium', 'Chromium'],
  ['DuckDuckGo', 'DuckDuckGo'],
  ['Epiphany', 'GNOME Web'],
  ['Firefox', 'Firefox'],
  ['Focus', 'Firefox Focus'],
  ['Google Search', 'Google app'],
  ['Internet Explorer', 'Internet Explorer'],
  ['LibreWolf', 'LibreWolf'],
  ['Microsoft Edge', 'Microsoft Edge'],
  ['NAVER Whale Browser', 'Whale'],
  ['Opera', 'Opera'],
  ['Pale Moon', 'Pale Moon'],
  ['QQ Browser', 'QQ Browser'],
  ['Safari', 'Safari'],
  ['Samsung Internet for Android', 'Samsung Internet'],
  ['UC Browser', 'UC Browser'],
  ['Vivaldi', 'Vivaldi'],
  ['WeChat', 'WeChat'],
  ['Yandex Browser', 'Yandex Browser'],
])

const SYSTEMS = new Set(['Android', 'Chrome OS', 'HarmonyOS', 'iOS', 'Linux', 'macOS', 'Windows', 'Windows Phone'])

/** A browser's header has a few hundred characters. A longer header is not parsed in full. */
const LONGEST_USER_AGENT = 512

/**
 * Describes the device that a request came from, for a mail to its owner. An attacker could put a text for the victim
 * into the User-Agent header. Therefore only names from the lists above are shown, and no part of the header.
 */
export function describeDevice(userAgent: string | null, ip: string | null, words: Words): string {
  const address = ip === null ? '' : plainIp(ip)
  const device = deviceName(userAgent ?? '', words)
  return address === '' ? device : fill(words.deviceAtAddress, { device, ip: address })
}

function deviceName(userAgent: string, words: Words): string {
  if (userAgent.trim() === '') return words.unknownDevice
  const parser = getParser(userAgent.slice(0, LONGEST_USER_AGENT))
  const browser = BROWSERS.get(parser.getBrowserName())
  const parsedSystem = parser.getOSName()
  const system = SYSTEMS.has(parsedSystem) ? parsedSystem : undefined

  if (system === undefined) return browser ?? words.unknownDevice
  return browser === undefined
    ? fill(words.unknownAppOnSystem, { system })
    : fill(words.browserOnSystem, { browser, system })
}

/** An IP address without its IPv6 zone (`fe80::1%…`), which could contain any text. */
function plainIp(ip: string): string {
  if (isIP(ip) === 0 || ip.includes('%')) return ''
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(ip) ? ip.slice('::ffff:'.length) : ip
}
