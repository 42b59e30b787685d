import type { KeyObject } from 'node:crypto'
import { resolve } from 'node:path'
import { InvalidDatabaseUrl, parseDatabaseUrl } from '../database/connection/database-url.ts'
import { parseAddress } from '../mail/email-address.ts'
import type { Mailbox } from '../mail/mailer.ts'
import { Secret } from '../security/secret.ts'
import { readSendgridKey } from '../security/sendgrid-signature.ts'
import { isWebhookSecret } from '../security/webhook-signature.ts'
import { isHost, isHttpUrl, isSmtpUrl } from './setting-forms.ts'

/** The environment does not make sense. The message is one line that names each variable and what is wrong with it. */
export class ConfigError extends Error {}

/** A k-anonymity range service by its base URL, or a file of SHA-1 hashes. */
export type BreachListSource = { readonly service: string } | { readonly file: string }

export type Environment = Readonly<Record<string, string | undefined>>

const MOST_WEBHOOK_URLS = 8

/** Reads variables and gathers what is wrong with them, so that one start shows all of it. */
export class EnvironmentReader {
  readonly #environment: Environment
  readonly #problems: string[] = []

  constructor(environment: Environment) {
    this.#environment = environment
  }

  has(name: string): boolean {
    return (this.#environment[name] ?? '').trim() !== ''
  }

  throwIfRefused(): void {
    if (this.#problems.length > 0) throw new ConfigError(`Refusing to start: ${this.#problems.join('; ')}`)
  }

  refuseContradiction(isContradictory: boolean, problem: string): void {
    if (isContradictory) this.#problems.push(problem)
  }

  text(name: string, fallback?: string): string {
    const value = this.has(name) ? this.#environment[name] : fallback
    if (value === undefined) this.#problems.push(`${name} is missing`)
    return value ?? ''
  }

  /** One line for people to read: it ends up in mails, so it may carry no control character. */
  line(name: string, fallback?: string): string {
    const value = this.text(name, fallback)
    if (this.has(name) && /\p{Cc}/u.test(value)) this.#problems.push(`${name} has a control character`)
    return value
  }

  integer(name: string, fallback: number, least: number, most: number): number {
    const value = this.text(name, String(fallback))
    const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN
    if (number >= least && number <= most) return number
    this.#problems.push(`${name} must be a whole number from ${least} to ${most}, not ${JSON.stringify(value)}`)
    return fallback
  }

  /** Zero or more, with a fraction if need be. */
  factor(name: string, fallback: number, most: number): number {
    const value = this.text(name, String(fallback))
    const number = /^\d{1,10}(\.\d{1,10})?$/.test(value) ? Number(value) : Number.NaN
    if (number <= most) return number
    this.#problems.push(`${name} must be a number from 0 to ${most}, not ${JSON.stringify(value)}`)
    return fallback
  }

  choice<Choice extends string>(name: string, choices: readonly Choice[], fallback?: Choice): Choice {
    const value = this.text(name, fallback)
    const choice = choices.find((candidate) => candidate === value)
    if (choice === undefined && value !== '') {
      this.#problems.push(`${name} must be one of ${choices.join(', ')}, not ${JSON.stringify(value)}`)
    }
    return choice ?? (choices[0] as Choice)
  }

  list(name: string, isValid: (entry: string) => boolean, expected: string): string[] {
    const entries = this.text(name, '')
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
    for (const entry of entries)
      if (!isValid(entry)) this.#problems.push(`${name}: ${JSON.stringify(entry)} is not ${expected}`)
    return entries
  }

  /** An address of this machine, or a name of one. */
  host(name: string, fallback: string): string {
    const value = this.text(name, fallback)
    if (isHost(value)) return value
    this.#problems.push(`${name} must be an IP address or a host name, not ${JSON.stringify(value)}`)
    return fallback
  }

  url(name: string, fallback?: string): string {
    const value = this.text(name, fallback)
    if (value !== '' && !isHttpUrl(value))
      this.#problems.push(`${name} must be an http(s) URL without user, query or fragment`)
    return value.replace(/\/+$/, '')
  }

  /** A page of the frontend; where it is not set, a development server's usual address. */
  link(name: string, developmentPage: string | undefined): string {
    const value = this.text(name, developmentPage && `http://localhost:5173/${developmentPage}#token={token}`)
    const filled = value.replace('{token}', 'token')
    if (
      value !== '' &&
      (value === filled || filled.includes('{token}') || !URL.canParse(filled) || !/^https?:/.test(filled))
    ) {
      this.#problems.push(`${name} must be an http(s) URL that holds {token} once`)
    }
    return value
  }

  mailbox(name: string, fallback?: string): Mailbox {
    const value = this.line(name, fallback)
    const match = /^\s*"?([^"<>]*?)"?\s*<([^<>]+)>\s*$/.exec(value)
    const mailbox = { name: match?.[1] ?? '', address: match?.[2] ?? value }
    if (value !== '' && this.has(name) && parseAddress(mailbox.address) === null) {
      this.#problems.push(`${name} must look like "Acme Support <support@acme.example>"`)
    }
    return mailbox
  }

  secret<Kind extends string>(name: string): Secret<Kind> {
    return new Secret(this.text(name))
  }

  smtpUrl(name: string): Secret {
    const value = this.text(name)
    if (value !== '' && !isSmtpUrl(value)) {
      this.#problems.push(`${name} must be an smtp:// or smtps:// URL`)
    }
    return new Secret(value)
  }

  sendgridKey(name: string): KeyObject | undefined {
    if (!this.has(name)) return undefined
    const key = readSendgridKey(this.text(name))
    if (!key) this.#problems.push(`${name} must be the verification key as SendGrid shows it (base64, ECDSA P-256)`)
    return key ?? undefined
  }

  /** The worker keeps a slot and a connection for each. An entry that is refused is not shown: it may hold a password. */
  webhookUrls(name: string, production: boolean): string[] {
    const urls = [...new Set(this.list(name, () => true, ''))]
    for (const [index, url] of urls.entries()) {
      const isAllowed = isHttpUrl(url) && new URL(url).username === '' && (!production || url.startsWith('https:'))
      const expected = `an ${production ? 'https' : 'http(s)'} URL without user, query or fragment`
      if (!isAllowed) this.#problems.push(`${name}: entry ${index + 1} is not ${expected}`)
    }
    if (urls.length > MOST_WEBHOOK_URLS) this.#problems.push(`${name} names more than ${MOST_WEBHOOK_URLS} URLs`)
    return urls
  }

  webhookSecret(name: string): Secret<'security-events'> | undefined {
    if (!this.has(name)) return undefined
    const value = this.text(name)
    if (!isWebhookSecret(value)) this.#problems.push(`${name} must be whsec_ and the base64 of 24 to 64 random bytes`)
    return new Secret(value)
  }

  breachList(name: string): BreachListSource | undefined {
    if (!this.has(name)) return undefined
    const value = this.text(name)
    return /^https?:/.test(value) ? { service: this.url(name) } : { file: resolve(value) }
  }

  redisUrl(name: string): Secret | undefined {
    if (!this.has(name)) return undefined
    const value = this.text(name)
    if (!(URL.canParse(value) && /^rediss?:\/\//.test(value))) {
      this.#problems.push(`${name} must be a redis:// or rediss:// URL`)
    }
    return new Secret(value)
  }

  secretKey(name: string, isRequired: boolean): Secret<'secret-key'> | undefined {
    if (!this.has(name) && !isRequired) return undefined
    const value = this.text(name)
    if (value !== '' && Buffer.byteLength(value) < 32) this.#problems.push(`${name} is shorter than 32 bytes`)
    return new Secret(value)
  }

  databaseUrl(name: string): Secret<'database-url'> | undefined {
    if (!this.has(name)) return undefined
    const value = this.text(name)
    try {
      parseDatabaseUrl(value)
    } catch (error) {
      if (!(error instanceof InvalidDatabaseUrl)) throw error
      this.#problems.push(`${name} ${error.message}`)
    }
    return new Secret(value)
  }
}
