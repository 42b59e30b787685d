import { parseDatabaseUrl } from '../database/connection/database-url.ts'
import type { Config } from './config.ts'
import { isPrivateNetwork } from './safe-settings.ts'
import { isLoopback, isLoopbackHost } from './setting-forms.ts'

/** Lists settings that are allowed but probably not intended, in one sentence each. They are logged at the start. */
export function doubtfulSettings(config: Config): string[] {
  return [
    ...config.doubts,
    ...doubtfulLinks(config),
    ...(config.production ? inProduction(config) : inDevelopment(config)),
  ]
}

function doubtfulLinks({ links }: Config): string[] {
  const outside = Object.entries(links).filter(([, page]) => !page.split('#')[1]?.includes('{token}'))
  return outside.map(
    ([link]) =>
      `The ${link} link has its token outside the fragment. Servers log it there, and browsers send it in Referer.`,
  )
}

function inDevelopment({ databaseUrl, mail }: Config): string[] {
  const isDeployed = databaseUrl !== undefined && mail.transport === 'console'
  return isDeployed
    ? ['Mail is shown in the log and not sent. Set NODE_ENV=production to see what production needs.']
    : []
}

const DAY_SECONDS = 86_400

function inProduction(config: Config): string[] {
  const { publicUrl, mail, lifetimes, previousSecretKey, secretKey } = config
  const doubts: Array<[boolean, string]> = [
    [
      !publicUrl.startsWith('https:'),
      `PUBLIC_URL: ${publicUrl} is not https. Tokens name it as their issuer, and browsers would send tokens in clear text.`,
    ],
    [
      isWithoutTls(config.databaseUrl?.reveal()),
      'DATABASE_URL: the connection is not encrypted. Add ?sslmode=verify-full if the network is not your own.',
    ],
    [
      mail.transport === 'smtp' && /[?&]requireTLS=false/.test(mail.url.reveal()),
      'SMTP_URL: requireTLS=false lets anybody on the way read mailed links and the password of the mail server.',
    ],
    ...redisDoubts(config.redisUrl?.reveal()),
    [
      config.trustProxy.some((entry) => !isPrivateNetwork(entry)),
      'TRUST_PROXY: the list has public addresses. Everybody who has one of them can choose the address that limits are counted by.',
    ],
    [
      config.corsOrigins.some((origin) => origin.startsWith('http:') && !isLoopback(origin)),
      'CORS_ORIGINS: an origin with http can be altered on the way, and its pages may read every response.',
    ],
    [config.rateLimitFactor === 0, 'RATE_LIMIT_FACTOR: 0 switches the request limits off.'],
    [config.logLevel === 'silent', 'LOG_LEVEL: silent hides every failure.'],
    [
      lifetimes.accessToken > 3_600,
      'ACCESS_TOKEN_TTL: other services accept a token for more than an hour after it was revoked.',
    ],
    [
      lifetimes.revertToken > 30 * DAY_SECONDS,
      'REVERT_TOKEN_TTL: anyone with access to an old mailbox can take the account back for more than 30 days.',
    ],
    [config.auditRetentionDays < 30, 'AUDIT_RETENTION_DAYS: an attack is often noticed later than after 30 days.'],
    [
      previousSecretKey !== undefined && previousSecretKey.reveal() === secretKey?.reveal(),
      'SECRET_KEY_PREVIOUS: the value is the same as SECRET_KEY. Set the key that is being replaced, or remove it.',
    ],
  ]
  return doubts.flatMap(([isDoubtful, doubt]) => (isDoubtful ? [doubt] : []))
}

/** A socket or this machine needs no encryption. */
function isWithoutTls(databaseUrl: string | undefined): boolean {
  if (databaseUrl === undefined) return false
  const { hosts, ssl } = parseDatabaseUrl(databaseUrl)
  return ssl === false && hosts.some(({ host }) => !host.startsWith('/') && !isLoopbackHost(host))
}

function redisDoubts(redisUrl: string | undefined): Array<[boolean, string]> {
  if (redisUrl === undefined || !URL.canParse(redisUrl) || isLoopback(redisUrl.replace(/^rediss?:/, 'http:'))) return []
  const { protocol, password } = new URL(redisUrl)
  return [
    [
      protocol === 'redis:',
      'REDIS_URL: the connection is not encrypted. Use rediss:// if the network is not your own.',
    ],
    [password === '', 'REDIS_URL: without a password, everybody who reaches Redis can reset the request limits.'],
  ]
}
