import type { KeyObject } from 'node:crypto'
import { join, resolve } from 'node:path'
import { LOG_LEVELS, type LogLevel } from '../log.ts'
import type { MailConfig } from '../mail/mailer.ts'
import type { Secret } from '../security/secret.ts'
import { type BreachListSource, type Environment, EnvironmentReader } from './environment.ts'
import { isNetwork, isOrigin, isResource } from './setting-forms.ts'

export interface Config {
  readonly production: boolean
  readonly host: string
  readonly port: number
  /** Issuer of the tokens and base of the service's own links, without a slash at the end. */
  readonly publicUrl: string
  /** A second listener for health and metrics; undefined: the main listener answers them. */
  readonly operations: { readonly host: string; readonly port: number } | undefined
  /** Undefined: an embedded PostgreSQL under `dataDir`. */
  readonly databaseUrl: Secret<'database-url'> | undefined
  /** The same database without a transaction pooler, for `migrate` and the worker: `databaseUrl` unless it is set. */
  readonly databaseUrlDirect: Secret<'database-url'> | undefined
  /** The largest number of connections that one process opens. */
  readonly databasePoolSize: number
  readonly dataDir: string
  /** Undefined: generated under `dataDir` (never in production). */
  readonly secretKey: Secret<'secret-key'> | undefined
  readonly previousSecretKey: Secret<'secret-key'> | undefined
  readonly mail: MailConfig
  /** Undefined: nothing that says it comes from SendGrid is believed. */
  readonly sendgridWebhookKey: KeyObject | undefined
  /** Who is told of changes to accounts, and the secret that proves it was us. */
  readonly securityEvents: {
    readonly urls: readonly string[]
    readonly secret: Secret<'security-events'> | undefined
  }
  /** Days that the audit trail is kept. */
  readonly auditRetentionDays: number
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
  /** What access tokens may be issued for besides the service itself (RFC 8707): absolute URIs without a fragment. */
  readonly tokenResources: readonly string[]
  readonly corsOrigins: readonly string[]
  readonly trustProxy: readonly string[]
  /** Multiplies the limits in http/limits/rate-limits.ts; 0 switches them off. */
  readonly rateLimitFactor: number
  /** Undefined: each replica limits requests by itself. */
  readonly redisUrl: Secret | undefined
  readonly passwordPreset: PasswordPreset
  readonly breachList: BreachListSource | undefined
  readonly logLevel: LogLevel
}

export type LinkName = 'verifyEmail' | 'resetPassword' | 'confirmEmail' | 'revertEmail'
export type PasswordPreset = 'classic' | 'nist'

/**
 * Reads the whole environment once, reports every problem at once and returns a frozen record: no other file reads
 * `process.env`. The table in README.md lists the same variables; a test compares the two.
 *
 * @throws {ConfigError} when a variable is missing, misspelt in value or contradicts another.
 */
export function readConfig(environment: Environment): Config {
  const read = new EnvironmentReader(environment)
  const production = read.choice('NODE_ENV', ['development', 'test', 'production'], 'development') === 'production'
  const host = read.host('HOST', '127.0.0.1')
  const port = read.integer('PORT', 3000, 0, 65_535)
  const publicUrl = read.url('PUBLIC_URL', `http://${host.includes(':') ? `[${host}]` : host}:${port}`)
  const dataDir = resolve(read.text('DATA_DIR', './data'))
  const mailDefaults = production ? undefined : { product: 'Product', support: 'support@product.example' }
  const productName = read.line('PRODUCT_NAME', mailDefaults?.product)
  const supportContact = read.line('SUPPORT_CONTACT', mailDefaults?.support)
  const databaseUrl = read.databaseUrl('DATABASE_URL')
  const operationsHost = read.host('OPERATIONS_HOST', '127.0.0.1')
  const config: Config = {
    production,
    host,
    port,
    publicUrl,
    operations: read.has('OPERATIONS_PORT')
      ? { host: operationsHost, port: read.integer('OPERATIONS_PORT', 0, 0, 65_535) }
      : undefined,
    databaseUrl,
    databaseUrlDirect: read.databaseUrl('DATABASE_URL_DIRECT') ?? databaseUrl,
    databasePoolSize: read.integer('DATABASE_POOL_SIZE', 20, 6, 1_000),
    dataDir,
    secretKey: read.secretKey('SECRET_KEY', production),
    previousSecretKey: read.secretKey('SECRET_KEY_PREVIOUS', false),
    mail: readMail(read, production, { dataDir, productName, supportContact }),
    sendgridWebhookKey: read.sendgridKey('SENDGRID_WEBHOOK_PUBLIC_KEY'),
    securityEvents: {
      urls: read.webhookUrls('SECURITY_EVENT_URLS', production),
      secret: read.webhookSecret('SECURITY_EVENT_SECRET'),
    },
    auditRetentionDays: read.integer('AUDIT_RETENTION_DAYS', 400, 1, 36_500),
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
    tokenResources: read.list('TOKEN_RESOURCES', isResource, 'an absolute URI without a fragment'),
    corsOrigins: read.list('CORS_ORIGINS', isOrigin, 'an exact origin such as https://app.example'),
    trustProxy: read.list('TRUST_PROXY', isNetwork, 'an IP address or network such as 10.0.0.0/8'),
    rateLimitFactor: read.factor('RATE_LIMIT_FACTOR', 1, 1_000_000),
    redisUrl: read.redisUrl('REDIS_URL'),
    passwordPreset: read.choice('PASSWORD_PRESET', ['classic', 'nist'], 'classic'),
    breachList: read.breachList('BREACH_LIST'),
    logLevel: read.choice('LOG_LEVEL', LOG_LEVELS, 'info'),
  }
  read.refuseContradiction(
    production && databaseUrl === undefined,
    'DATABASE_URL is missing: the embedded PostgreSQL is for development only',
  )
  read.refuseContradiction(
    read.has('DATABASE_URL_DIRECT') && databaseUrl === undefined,
    'DATABASE_URL_DIRECT is set but DATABASE_URL is not',
  )
  read.refuseContradiction(
    read.has('OPERATIONS_HOST') && config.operations === undefined,
    'OPERATIONS_HOST is set but OPERATIONS_PORT is not',
  )
  read.refuseContradiction(
    port !== 0 && config.operations?.port === port,
    'OPERATIONS_PORT must not be the same as PORT',
  )
  read.refuseContradiction(
    config.tokenResources.includes(publicUrl),
    'TOKEN_RESOURCES contains PUBLIC_URL, for which every token is issued that names no resource',
  )
  read.refuseContradiction(
    config.lifetimes.accessToken > config.lifetimes.refreshToken,
    'ACCESS_TOKEN_TTL is longer than REFRESH_TOKEN_TTL',
  )
  read.refuseContradiction(
    config.previousSecretKey !== undefined && config.secretKey === undefined,
    'SECRET_KEY_PREVIOUS is set but SECRET_KEY is not',
  )
  read.refuseContradiction(
    config.securityEvents.urls.length > 0 && config.securityEvents.secret === undefined,
    'SECURITY_EVENT_URLS is set but SECURITY_EVENT_SECRET is not',
  )
  read.refuseContradiction(
    production && config.passwordPreset === 'nist' && config.breachList === undefined,
    'PASSWORD_PRESET=nist asks for a breach list in place of the composition rules: set BREACH_LIST',
  )
  read.throwIfRefused()
  return Object.freeze(config)
}

/**
 * Reads what `migrate` needs: one of the two database URLs, and in development where the embedded PostgreSQL is.
 *
 * @throws {ConfigError}
 */
export function readMigrationConfig(
  environment: Environment,
): Pick<Config, 'production' | 'databaseUrl' | 'databaseUrlDirect' | 'dataDir'> {
  const read = new EnvironmentReader(environment)
  const production = read.choice('NODE_ENV', ['development', 'test', 'production'], 'development') === 'production'
  const databaseUrl = read.databaseUrl('DATABASE_URL')
  const databaseUrlDirect = read.databaseUrl('DATABASE_URL_DIRECT') ?? databaseUrl
  const dataDir = resolve(read.text('DATA_DIR', './data'))
  read.refuseContradiction(
    production && databaseUrlDirect === undefined,
    'DATABASE_URL is missing: the embedded PostgreSQL is for development only',
  )
  read.throwIfRefused()
  return { production, databaseUrl, databaseUrlDirect, dataDir }
}

function readMail(
  read: EnvironmentReader,
  production: boolean,
  base: { dataDir: string; productName: string; supportContact: string },
): MailConfig {
  const transport = read.choice('MAIL_TRANSPORT', ['console', 'sendgrid', 'smtp'], production ? undefined : 'console')
  read.refuseContradiction(
    production && transport === 'console' && read.has('MAIL_TRANSPORT'),
    'MAIL_TRANSPORT=console would write mailed links to the log, which is refused in production',
  )
  const from = read.mailbox(
    'MAIL_FROM',
    production ? undefined : `${base.productName} Support <support@product.example>`,
  )
  const common = { from, supportContact: base.supportContact }
  // Read whichever transport is in use: what is misspelt shows now, and not on the day it is switched to.
  const baseUrl = read.has('SENDGRID_BASE_URL') ? read.url('SENDGRID_BASE_URL') : undefined
  const smtpUrl = transport === 'smtp' || read.has('SMTP_URL') ? read.smtpUrl('SMTP_URL') : undefined
  if (transport === 'sendgrid') return { ...common, transport, apiKey: read.secret('SENDGRID_API_KEY'), baseUrl }
  if (transport === 'smtp' && smtpUrl) return { ...common, transport, url: smtpUrl }
  return { ...common, transport: 'console', directory: join(base.dataDir, 'mail') }
}
