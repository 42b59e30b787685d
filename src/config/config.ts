import type { KeyObject } from 'node:crypto'
import { resolve } from 'node:path'
import { LOG_LEVELS, type LogLevel } from '../log.ts'
import type { MailConfig } from '../mail/mailer.ts'
import type { MailDesign } from '../mail/templates/letter.ts'
import type { MailTexts } from '../mail/texts/wording.ts'
import type { Secret } from '../security/secret.ts'
import type { Environment } from './environment.ts'
import { readMailDesign, readMailTexts } from './mail-content.ts'
import { readMail } from './mail-settings.ts'
import { refuseUnsafeSettings } from './safe-settings.ts'
import { isNetwork, isResource } from './setting-forms.ts'
import { type BreachListSource, SettingReader } from './setting-reader.ts'
import { readTracing } from './tracing-settings.ts'

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
  /** Undefined: a secret is generated under `dataDir`. It is required in production. */
  readonly secretKey: Secret<'secret-key'> | undefined
  readonly previousSecretKey: Secret<'secret-key'> | undefined
  readonly mail: MailConfig
  readonly mailDesign: MailDesign
  readonly mailTexts: MailTexts
  /** Undefined: SendGrid's event webhook is off. */
  readonly sendgridWebhookKey: KeyObject | undefined
  /** Where security events are sent, and the secret that signs them. */
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
  /** Whether traces are sent. OpenTelemetry's SDK reads its other variables by itself. */
  readonly tracing: boolean
  /** What was accepted and probably not intended, as the environment shows it: see doubtful-settings.ts. */
  readonly doubts: readonly string[]
}

export type LinkName = 'verifyEmail' | 'resetPassword' | 'confirmEmail' | 'revertEmail'
export type PasswordPreset = 'classic' | 'nist'

/**
 * Reads the whole environment once and returns a frozen record. No other file reads `process.env`. The table in README.md
 * lists the same variables; a test compares the two.
 *
 * @throws {ConfigError} if a variable is missing, has a wrong value, contradicts another, or undoes a protection in
 * production. The message names all of them.
 */
export function readConfig(environment: Environment): Config {
  const read = new SettingReader(environment)
  const mode = read.choice('NODE_ENV', ['development', 'test', 'production'], 'development')
  const production = mode === 'production'
  const host = read.host('HOST', '127.0.0.1')
  const port = read.integer('PORT', 3000, 0, 65_535)
  const publicUrl = read.url('PUBLIC_URL', `http://${host.includes(':') ? `[${host}]` : host}:${port}`)
  const dataDir = resolve(read.text('DATA_DIR', './data'))
  const mailDefaults = production ? undefined : { product: 'Product', support: 'support@product.example' }
  const productName = read.line('PRODUCT_NAME', mailDefaults?.product)
  const supportContact = read.line('SUPPORT_CONTACT', mailDefaults?.support)
  const databaseUrl = read.databaseUrl('DATABASE_URL')
  const links = {
    verifyEmail: read.link('LINK_VERIFY_EMAIL', production ? undefined : 'verify-email'),
    resetPassword: read.link('LINK_RESET_PASSWORD', production ? undefined : 'reset-password'),
    confirmEmail: read.link('LINK_CONFIRM_EMAIL', production ? undefined : 'confirm-email'),
    revertEmail: read.link('LINK_REVERT_EMAIL', production ? undefined : 'revert-email'),
  }
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
    databasePoolSize: read.integer('DATABASE_POOL_SIZE', 20, 8, 1_000),
    dataDir,
    secretKey: read.secretKey('SECRET_KEY', production),
    previousSecretKey: read.secretKey('SECRET_KEY_PREVIOUS', false),
    mail: readMail(read, production, { dataDir, productName, supportContact }),
    mailDesign: readMailDesign(read),
    mailTexts: readMailTexts(read),
    sendgridWebhookKey: read.sendgridKey('SENDGRID_WEBHOOK_PUBLIC_KEY'),
    securityEvents: {
      urls: read.webhookUrls('SECURITY_EVENT_URLS', production),
      secret: read.webhookSecret('SECURITY_EVENT_SECRET'),
    },
    auditRetentionDays: read.integer('AUDIT_RETENTION_DAYS', 400, 1, 36_500),
    productName,
    supportContact,
    links,
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
    corsOrigins: read.origins('CORS_ORIGINS', mode === 'development' ? originsOf(links) : []),
    trustProxy: read.list('TRUST_PROXY', isNetwork, 'an IP address or network such as 10.0.0.0/8'),
    rateLimitFactor: read.factor('RATE_LIMIT_FACTOR', 1, 1_000_000),
    redisUrl: read.redisUrl('REDIS_URL'),
    passwordPreset: read.choice('PASSWORD_PRESET', ['classic', 'nist'], 'classic'),
    breachList: read.breachList('BREACH_LIST'),
    logLevel: read.choice('LOG_LEVEL', LOG_LEVELS, 'info'),
    tracing: readTracing(read),
    doubts: read.doubts,
  }
  refuseContradictions(read, config)
  if (production) refuseUnsafeSettings(read, config)
  read.throwIfRefused()
  return Object.freeze(config)
}

/** Settings that are valid by themselves and make no sense together. */
function refuseContradictions(read: SettingReader, config: Config): void {
  const { production, port, operations, databaseUrl, lifetimes, securityEvents } = config
  if (production && databaseUrl === undefined) refuseMissingDatabase(read)
  const isDirectAlone = read.has('DATABASE_URL_DIRECT') && databaseUrl === undefined
  read.refuseIf(isDirectAlone, 'DATABASE_URL_DIRECT', 'DATABASE_URL must be set too.')
  const isHostAlone = read.has('OPERATIONS_HOST') && operations === undefined
  read.refuseIf(isHostAlone, 'OPERATIONS_HOST', 'OPERATIONS_PORT must be set too.')
  const isSamePort = port !== 0 && operations?.port === port
  read.refuseIf(isSamePort, 'OPERATIONS_PORT', 'the port must not be the same as PORT.')
  read.refuseIf(
    config.tokenResources.includes(config.publicUrl),
    'TOKEN_RESOURCES',
    'PUBLIC_URL must not be in the list: tokens that name no resource are issued for it.',
  )
  read.refuseIf(
    lifetimes.accessToken > lifetimes.refreshToken,
    'ACCESS_TOKEN_TTL',
    'the value must not be greater than REFRESH_TOKEN_TTL.',
  )
  const isPreviousAlone = config.previousSecretKey !== undefined && config.secretKey === undefined
  read.refuseIf(isPreviousAlone, 'SECRET_KEY_PREVIOUS', 'SECRET_KEY must be set too.')
  const isUnsigned = securityEvents.urls.length > 0 && securityEvents.secret === undefined
  read.refuseIf(isUnsigned, 'SECURITY_EVENT_URLS', 'SECURITY_EVENT_SECRET must be set too.')
  read.refuseIf(
    production && config.passwordPreset === 'nist' && config.breachList === undefined,
    'PASSWORD_PRESET',
    'nist replaces the composition rules with a breach list, so set BREACH_LIST too.',
  )
}

function refuseMissingDatabase(read: SettingReader): void {
  read.refuse('DATABASE_URL is missing', 'the embedded PostgreSQL is for development only.')
}

function originsOf(links: Config['links']): string[] {
  const pages = Object.values(links).filter((page) => URL.canParse(page))
  return [...new Set(pages.map((page) => new URL(page).origin))]
}

/**
 * Reads what `migrate` needs: one of the two database URLs, and in development where the embedded PostgreSQL is.
 *
 * @throws {ConfigError}
 */
export function readMigrationConfig(
  environment: Environment,
): Pick<Config, 'production' | 'databaseUrl' | 'databaseUrlDirect' | 'dataDir'> {
  const read = new SettingReader(environment)
  const production = read.choice('NODE_ENV', ['development', 'test', 'production'], 'development') === 'production'
  const databaseUrl = read.databaseUrl('DATABASE_URL')
  const databaseUrlDirect = read.databaseUrl('DATABASE_URL_DIRECT') ?? databaseUrl
  const dataDir = resolve(read.text('DATA_DIR', './data'))
  if (production && databaseUrlDirect === undefined) refuseMissingDatabase(read)
  read.throwIfRefused()
  return { production, databaseUrl, databaseUrlDirect, dataDir }
}
