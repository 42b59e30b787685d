import { isIP } from 'node:net'
import type { Config } from './config.ts'
import { isLoopback } from './setting-forms.ts'
import type { SettingReader } from './setting-reader.ts'

const LINK_SETTINGS = {
  verifyEmail: 'LINK_VERIFY_EMAIL',
  resetPassword: 'LINK_RESET_PASSWORD',
  confirmEmail: 'LINK_CONFIRM_EMAIL',
  revertEmail: 'LINK_REVERT_EMAIL',
} as const

const MIN_DIFFERENT_BYTES = 16
/** A hexadecimal key has only 16 different digits, and a random one rarely has all of them. */
const MIN_DIFFERENT_HEX_DIGITS = 10

/** Refuses what would undo a protection in production. What is merely doubtful is in doubtful-settings.ts. */
export function refuseUnsafeSettings(read: SettingReader, config: Config): void {
  for (const [link, name] of Object.entries(LINK_SETTINGS)) {
    const url = config.links[link as keyof typeof LINK_SETTINGS]
    read.refuseIf(
      isPlainHttp(url),
      name,
      'the scheme must be https: the page reads a token from the link (got "http").',
    )
  }
  const { mail, breachList, secretKey, trustProxy } = config
  if (mail.transport === 'sendgrid') {
    read.refuseIf(isPlainHttp(mail.baseUrl ?? ''), 'SENDGRID_BASE_URL', 'the scheme must be https (got "http").')
  }
  if (breachList && 'service' in breachList) {
    read.refuseIf(isPlainHttp(breachList.service), 'BREACH_LIST', 'the scheme must be https (got "http").')
  }
  if (secretKey && secretKey.reveal() !== '' && isGuessable(secretKey.reveal())) {
    read.refuse('SECRET_KEY', 'the value is not random. Create one with: openssl rand -base64 32.')
  }
  for (const network of trustProxy.filter(isTooWide)) {
    read.refuse(
      'TRUST_PROXY',
      `${network} is too wide: everybody in it could choose the address that limits are counted by. Name your proxies only.`,
    )
  }
}

function isPlainHttp(url: string): boolean {
  return url.startsWith('http:') && !isLoopback(url.replace('{token}', 'token'))
}

function isGuessable(secretKey: string): boolean {
  const different = new Set(Buffer.from(secretKey)).size
  return different < (/^[0-9a-f]+$/i.test(secretKey) ? MIN_DIFFERENT_HEX_DIGITS : MIN_DIFFERENT_BYTES)
}

/** No proxy has a network wider than this: the widest of the large content delivery networks are a /12 and a /29. */
function isTooWide(entry: string): boolean {
  const [address = '', bits] = entry.split('/')
  if (bits === undefined) return false
  const isPrivate = isPrivateNetwork(entry)
  if (isIP(address) === 4) return Number(bits) < (isPrivate ? 8 : 12)
  return Number(bits) < (isPrivate ? 7 : 28)
}

/** Whether a network is in the address space of private use (RFC 1918, 4193, 6598), link-local or loopback. */
export function isPrivateNetwork(entry: string): boolean {
  const [address = '', bits = '128'] = entry.split('/')
  if (isIP(address) === 6) {
    return /^(f[cd]|fe[89ab])/i.test(address) ? Number(bits) >= 7 : address === '::1'
  }
  const [first = 0, second = 0] = address.split('.').map(Number)
  if (first === 10 || first === 127) return Number(bits) >= 8
  if (first === 172 && second >= 16 && second < 32) return Number(bits) >= 12
  if (first === 100 && second >= 64 && second < 128) return Number(bits) >= 10
  return (first === 192 && second === 168) || (first === 169 && second === 254) ? Number(bits) >= 16 : false
}
