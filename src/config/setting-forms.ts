import { isIP } from 'node:net'

export function isHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false
  const url = new URL(value)
  return /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && url.username === ''
}

/** A picture on the web. Unlike a base URL, it may have a query. */
export function isHttpsUrl(value: string): boolean {
  if (!URL.canParse(value)) return false
  const url = new URL(value)
  return url.protocol === 'https:' && url.hash === '' && url.username === '' && !/\s/.test(value)
}

export function isSmtpUrl(value: string): boolean {
  return /^smtps?:\/\/[^/]/.test(value) && URL.canParse(value) && new URL(value).hostname !== ''
}

/** Something to listen on: an IP address, or a name that may stand for one. */
export function isHost(value: string): boolean {
  return isIP(value) !== 0 || /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(value)
}

/** Schemes whose pages have no origin of this form, or that no page is loaded by. */
const WITHOUT_ORIGIN = /^(ftp|wss?|file|data|javascript|about|blob):/

/**
 * An origin exactly as a browser sends it. Apps in web views have schemes of their own, such as capacitor://localhost,
 * for which the URL parser computes no origin. A pattern or a path would match nothing.
 */
export function isOrigin(value: string): boolean {
  if (/^https?:/.test(value)) return !value.includes('*') && URL.canParse(value) && new URL(value).origin === value
  return /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9][a-z0-9.-]*(:\d{1,5})?$/.test(value) && !WITHOUT_ORIGIN.test(value)
}

export function isNetwork(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}

/** RFC 8707 section 2: an absolute URI without a fragment. */
export function isResource(value: string): boolean {
  return URL.canParse(value) && !value.includes('#')
}

/** Whether the host of a URL is this machine, so that others cannot read or alter what is sent. */
export function isLoopback(url: string): boolean {
  return URL.canParse(url) && isLoopbackHost(new URL(url).hostname)
}

export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || /^127\.|^\[?::1\]?$/.test(host)
}
