import type { KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { parseAddress } from './domain/accounts/email-address.ts'
import type { Mailbox, MailConfig } from './mail/mailer.ts'
import { Secret } from './security/secret.ts'
import { readSendgridKey } from './security/sendgrid-signature.ts'

export interface Config {
  readonly production: boolean
  readonly host: string
  readonly port: number
  /** Issuer of the tokens and base of the service's own links, without a slash at the end. */
  readonly publicUrl: string
  /** Undefined: an embedded PostgreSQL under `dataDir`. */
  readonly databaseUrl: string | undefined
  readonly dataDir: string
  /** Undefined: generated under `dataDir` (never in production). */
  readonly secretKey: Secret<'secret-key'> | undefined
  readonly previousSecretKey: Secret<'secret-key'> | undefined
  readonly mail: MailConfig
  /** Undefined: nothing that says it comes from SendGrid is believed. */
  readonly sendgridWebhookKey: KeyObject | undefined
  readonly productName: string
  readonly supportContact: string
  readonly links: Readonly<Record<LinkName, string>>
  readonly bcryptCost: number
  /** All in seconds. */
  readonly lifetimes: {
    readonly accessToken: number
    readonly refreshToken: number
    readonly resetToken: number
    readonly verifyToken: number
    readonly revertToken: number
    readonly refreshReuseWindow: number
  }
  readonly corsOrigins: readonly string[]
  readonly trustProxy: readonly string[]
  readonly passwordPreset: PasswordPreset
  readonly logLevel: LogLevel
}

export type LinkName = 'verifyEmail' | 'resetPassword' | 'confirmEmail' | 'revertEmail'
export type PasswordPreset = 'classic' | 'nist'
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** The environment does not make sense. The message is one line that names each variable and what is wrong with it. */
export class ConfigError extends Error {}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the whole environment once, reports every problem at once and returns a frozen record: no other file reads
 * `process.env`. The table in README.md lists the same variables; a test compares the two.
 *
 * @throws {ConfigError} when a variable is missing, misspelt in value or contradicts another.
 */
export function readConfig(environment: Environment): Config {
  const read = new Reader(environment)
  const production = read.choice('NODE_ENV', ['development', 'test', 'production'], 'development') === 'production'
  const host = read.text('HOST', '127.0.0.1')
  const port = read.integer('PORT', 3000, 0, 65_535)
  const publicUrl = read.url('PUBLIC_URL', `http://${host.includes(':') ? `[${host}]` : host}:${port}`)
  const dataDir = resolve(read.text('DATA_DIR', './data'))
  const mailDefaults = production ? undefined : { product: 'Product', support: 'support@product.example' }
  const productName = read.line('PRODUCT_NAME', mailDefaults?.product)
  const supportContact = read.line('SUPPORT_CONTACT', mailDefaults?.support)
  const config: Config = {
    production,
    host,
    port,
    publicUrl,
    databaseUrl: read.databaseUrl(production),
    dataDir,
    secretKey: read.secretKey('SECRET_KEY', production),
    previousSecretKey: read.secretKey('SECRET_KEY_PREVIOUS', false),
    mail: readMail(read, production, { dataDir, productName, supportContact }),
    sendgridWebhookKey: read.sendgridKey('SENDGRID_WEBHOOK_PUBLIC_KEY'),
    productName,
    supportContact,
    links: {
      verifyEmail: read.link('LINK_VERIFY_EMAIL', production ? undefined : 'verify-email'),
      resetPassword: read.link('LINK_RESET_PASSWORD', production ? undefined : 'reset-password'),
      confirmEmail: read.link('LINK_CONFIRM_EMAIL', production ? undefined : 'confirm-email'),
      revertEmail: read.link('LINK_REVERT_EMAIL', production ? undefined : 'revert-email'),
    },
    bcryptCost: read.integer('BCRYPT_COST', 12, 10, 15),
    lifetimes: {
      accessToken: read.integer('ACCESS_TOKEN_TTL', 300, 1, 86_400),
      refreshToken: read.integer('REFRESH_TOKEN_TTL', 2_592_000, 1, 31_536_000),
      resetToken: read.integer('RESET_TOKEN_TTL', 1800, 1, 86_400),
      verifyToken: read.integer('VERIFY_TOKEN_TTL', 86_400, 1, 2_592_000),
      revertToken: read.integer('REVERT_TOKEN_TTL', 604_800, 1, 31_536_000),
      refreshReuseWindow: read.integer('REFRESH_REUSE_WINDOW', 30, 0, 300),
    },
    corsOrigins: read.list('CORS_ORIGINS', isOrigin, 'an exact origin such as https://app.example'),
    trustProxy: read.list('TRUST_PROXY', isNetwork, 'an IP address or network such as 10.0.0.0/8'),
    passwordPreset: read.choice('PASSWORD_PRESET', ['classic', 'nist'], 'classic'),
    logLevel: read.choice('LOG_LEVEL', LOG_LEVELS, 'info'),
  }
  read.refuseContradiction(
    config.lifetimes.accessToken > config.lifetimes.refreshToken,
    'ACCESS_TOKEN_TTL is longer than REFRESH_TOKEN_TTL',
  )
  read.refuseContradiction(
    config.previousSecretKey !== undefined && config.secretKey === undefined,
    'SECRET_KEY_PREVIOUS is set but SECRET_KEY is not',
  )
  read.throwIfRefused()
  return Object.freeze(config)
}

function readMail(
  read: Reader,
  production: boolean,
  base: { dataDir: string; productName: string; supportContact: string },
): MailConfig {
  const transport = read.choice('MAIL_TRANSPORT', ['sendgrid', 'smtp', 'console'], production ? undefined : 'console')
  read.refuseContradiction(
    production && transport === 'console',
    'MAIL_TRANSPORT=console would write mailed links to the log, which is refused in production',
  )
  const from = read.mailbox(
    'MAIL_FROM',
    production ? undefined : `${base.productName} Support <support@product.example>`,
  )
  const common = { from, supportContact: base.supportContact }
  if (transport === 'sendgrid') {
    const baseUrl = read.has('SENDGRID_BASE_URL') ? read.url('SENDGRID_BASE_URL') : undefined
    return { ...common, transport, apiKey: read.secret('SENDGRID_API_KEY'), baseUrl }
  }
  if (transport === 'smtp') return { ...common, transport, url: read.smtpUrl('SMTP_URL') }
  return { ...common, transport: 'console', directory: join(base.dataDir, 'mail') }
}

/** Reads variables and gathers what is wrong with them, so that one start shows all of it. */
class Reader {
  readonly #environment: Environment
  readonly #problems: string[] = []

  constructor(environment: Environment) {
    this.#environment = environment
  }

  has(name: string): boolean {
    return this.#environment[name] !== undefined && this.#environment[name] !== ''
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
    if (/\p{Cc}/u.test(value)) this.#problems.push(`${name} has a control character`)
    return value
  }

  integer(name: string, fallback: number, least: number, most: number): number {
    const value = this.text(name, String(fallback))
    const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN
    if (number >= least && number <= most) return number
    this.#problems.push(`${name} must be a whole number from ${least} to ${most}, not "${value}"`)
    return fallback
  }

  choice<Choice extends string>(name: string, choices: readonly Choice[], fallback?: Choice): Choice {
    const value = this.text(name, fallback)
    const choice = choices.find((candidate) => candidate === value)
    if (choice === undefined && value !== '') {
      this.#problems.push(`${name} must be one of ${choices.join(', ')}, not "${value}"`)
    }
    return choice ?? (choices[0] as Choice)
  }

  list(name: string, isValid: (entry: string) => boolean, expected: string): string[] {
    const entries = this.text(name, '')
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
    for (const entry of entries) if (!isValid(entry)) this.#problems.push(`${name}: "${entry}" is not ${expected}`)
    return entries
  }

  url(name: string, fallback?: string): string {
    const value = this.text(name, fallback)
    if (value !== '' && !isHttpUrl(value))
      this.#problems.push(`${name} must be an http(s) URL without query or fragment`)
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
    if (value !== '' && parseAddress(mailbox.address) === null) {
      this.#problems.push(`${name} must look like "Acme Support <support@acme.example>"`)
    }
    return mailbox
  }

  secret<Kind extends string>(name: string): Secret<Kind> {
    return new Secret(this.text(name))
  }

  smtpUrl(name: string): Secret {
    const value = this.text(name)
    if (value !== '' && !(URL.canParse(value) && /^smtps?:/.test(value))) {
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

  secretKey(name: string, isRequired: boolean): Secret<'secret-key'> | undefined {
    if (!this.has(name) && !isRequired) return undefined
    const value = this.text(name)
    if (value !== '' && Buffer.byteLength(value) < 32) this.#problems.push(`${name} is shorter than 32 bytes`)
    return new Secret(value)
  }

  databaseUrl(production: boolean): string | undefined {
    if (!this.has('DATABASE_URL')) {
      this.refuseContradiction(production, 'DATABASE_URL is missing: the embedded PostgreSQL is for development only')
      return undefined
    }
    const value = this.text('DATABASE_URL')
    if (!/^postgres(ql)?:\/\//.test(value)) this.#problems.push('DATABASE_URL must be a postgresql:// URL')
    return value
  }
}

function isHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false
  const url = new URL(value)
  return /^https?:$/.test(url.protocol) && url.search === '' && url.hash === ''
}

function isOrigin(value: string): boolean {
  return URL.canParse(value) && new URL(value).origin === value
}

function isNetwork(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}
