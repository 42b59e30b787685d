import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { readConfig, readMigrationConfig } from '../../src/config/config.ts'
import { doubtfulSettings } from '../../src/config/doubtful-settings.ts'
import { ConfigError } from '../../src/config/environment.ts'
import { StartRefused, serve } from '../../src/serve.ts'

type Environment = Record<string, string>

/** The settings that production requires. */
const PRODUCTION: Environment = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgresql://latchkey:database-secret@db.internal:5432/latchkey?sslmode=verify-full',
  SECRET_KEY: 'secret-key-of-32-bytes-0123456789',
  MAIL_TRANSPORT: 'sendgrid',
  MAIL_FROM: 'Acme Support <support@acme.example>',
  SUPPORT_CONTACT: 'help@acme.example',
  PRODUCT_NAME: 'Acme',
  SENDGRID_API_KEY: 'SG.sendgrid-secret',
  LINK_VERIFY_EMAIL: 'https://app.acme.example/verify-email#token={token}',
  LINK_RESET_PASSWORD: 'https://app.acme.example/reset-password#token={token}',
  LINK_CONFIRM_EMAIL: 'https://app.acme.example/confirm-email#token={token}',
  LINK_REVERT_EMAIL: 'https://app.acme.example/revert-email#token={token}',
}

/** The error line with which the start stops. */
function refusalOf(environment: Environment): string {
  try {
    readConfig(environment)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as ConfigError).message
  }
  throw new Error('the start is not refused')
}

test('with nothing set, a development machine gets good defaults', () => {
  expect(readConfig({})).toMatchObject({
    production: false,
    host: '127.0.0.1',
    port: 3000,
    publicUrl: 'http://127.0.0.1:3000',
    databaseUrl: undefined,
    secretKey: undefined,
    dataDir: join(process.cwd(), 'data'),
    mail: { transport: 'console', directory: join(process.cwd(), 'data/mail') },
    bcryptCost: 12,
    passwordPreset: 'classic',
    logLevel: 'info',
    lifetimes: {
      accessToken: 300,
      refreshToken: 2_592_000,
      resetToken: 1800,
      verifyToken: 86_400,
      revertToken: 604_800,
      refreshReuseWindow: 30,
    },
    corsOrigins: ['http://localhost:5173'],
    trustProxy: [],
    rateLimitFactor: 1,
    redisUrl: undefined,
    breachList: undefined,
  })
})

test('links lead to pages with the token in the fragment, where nothing else is set', () => {
  for (const link of Object.values(readConfig({}).links))
    expect(link).toMatch(/^http:\/\/localhost:\d+\/[^?]*#token=\{token\}$/)
})

test('a second listener, another database URL and the resources of tokens are read', () => {
  const config = readConfig({
    DATABASE_URL: 'postgresql://pooler/latchkey',
    DATABASE_URL_DIRECT: 'postgresql://primary/latchkey',
    DATABASE_POOL_SIZE: '8',
    OPERATIONS_PORT: '9000',
    OPERATIONS_HOST: '0.0.0.0',
    TOKEN_RESOURCES: 'https://orders.example, urn:example:billing',
  })

  expect(config.databaseUrlDirect?.reveal()).toBe('postgresql://primary/latchkey')
  expect(config).toMatchObject({
    databasePoolSize: 8,
    operations: { host: '0.0.0.0', port: 9000 },
    tokenResources: ['https://orders.example', 'urn:example:billing'],
  })
})

test('without a URL of its own, migrate and the worker use DATABASE_URL', () => {
  expect(readConfig({ DATABASE_URL: 'postgresql://db/latchkey' }).databaseUrlDirect?.reveal()).toBe(
    'postgresql://db/latchkey',
  )
})

test('traces are sent if there is an endpoint, unless OpenTelemetry is disabled', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }

  expect(readConfig({}).tracing).toBe(false)
  expect(readConfig({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_SERVICE_NAME: 'x' }).tracing).toBe(false)
  expect(readConfig(endpoint).tracing).toBe(true)
  expect(readConfig({ ...endpoint, OTEL_SDK_DISABLED: 'True' }).tracing).toBe(false)
})

test('migrate needs a database URL in production and no other setting', () => {
  const { databaseUrlDirect } = readMigrationConfig({
    NODE_ENV: 'production',
    DATABASE_URL_DIRECT: 'postgresql://primary/latchkey',
  })

  expect(databaseUrlDirect?.reveal()).toBe('postgresql://primary/latchkey')
  expect(() => readMigrationConfig({ NODE_ENV: 'production' })).toThrow('DATABASE_URL is missing')
})

test('HOST and PORT are in the default of PUBLIC_URL, an IPv6 address in brackets', () => {
  expect(readConfig({ HOST: '::1', PORT: '8080' }).publicUrl).toBe('http://[::1]:8080')
})

test('with all that production asks for, the start is not refused, and each value is where it belongs', () => {
  const config = readConfig(PRODUCTION)

  expect(config).toMatchObject({
    production: true,
    supportContact: 'help@acme.example',
    productName: 'Acme',
    mail: { transport: 'sendgrid', from: { name: 'Acme Support', address: 'support@acme.example' } },
    links: { resetPassword: PRODUCTION['LINK_RESET_PASSWORD'] },
  })
  expect(config.databaseUrl?.reveal()).toBe(PRODUCTION['DATABASE_URL'])
  expect(config.secretKey?.reveal()).toBe(PRODUCTION['SECRET_KEY'])
  expect(Object.isFrozen(config)).toBe(true)
})

describe('in production', () => {
  const required = Object.keys(PRODUCTION).filter((name) => name !== 'NODE_ENV')

  test.each(required)('%s must be there', (name) => {
    for (const nothing of [undefined, '', '  ']) {
      const { [name]: _left, ...others } = PRODUCTION

      const refusal = refusalOf(nothing === undefined ? others : { ...others, [name]: nothing })

      expect(refusal).toMatch(new RegExp(`^Refusing to start: ${name} is missing`))
      expect(refusal.match(/[A-Z_]{4,}(?= is missing)/g)).toEqual([name])
    }
  })

  test('everything that is missing is named at once, in one line', () => {
    const refusal = refusalOf({ NODE_ENV: 'production' })

    for (const name of required.filter((name) => name !== 'SENDGRID_API_KEY'))
      expect(refusal).toContain(`${name} is missing`)
    expect(refusal).not.toContain('\n')
  })

  test.each<[string, Environment]>([
    ['MAIL_TRANSPORT', { MAIL_TRANSPORT: 'console' }],
    ['BREACH_LIST', { PASSWORD_PRESET: 'nist' }],
    ['SMTP_URL', { MAIL_TRANSPORT: 'smtp' }],
  ])('%s stops the start where it would not be safe or not work', (name, changes) => {
    expect(refusalOf({ ...PRODUCTION, ...changes })).toContain(name)
  })
})

const LINKS = ['LINK_VERIFY_EMAIL', 'LINK_RESET_PASSWORD', 'LINK_CONFIRM_EMAIL', 'LINK_REVERT_EMAIL']
const SECONDS = [
  'ACCESS_TOKEN_TTL',
  'REFRESH_TOKEN_TTL',
  'RESET_TOKEN_TTL',
  'VERIFY_TOKEN_TTL',
  'REVERT_TOKEN_TTL',
  'REFRESH_REUSE_WINDOW',
]

test('an IPv6 address in brackets is refused with the form that is right', () => {
  for (const name of ['HOST', 'OPERATIONS_HOST']) {
    expect(refusalOf({ OPERATIONS_PORT: '3001', [name]: '[::]' })).toContain(
      `${name}: the value must be an IP address or a host name (got "[::]"): write :: without brackets.`,
    )
  }
})

describe('a value that makes no sense stops the start with one line that names the variable', () => {
  test.each<[string, string[]]>([
    ['NODE_ENV', ['prod', 'Production']],
    ['HOST', ['not a host', '127.0.0.1:80', 'http://x', '-x', '0.0.0.0/0', '::g', '[::]']],
    ['PORT', ['abc', '-1', '65536', '80.5', '1e3', '0x50', ' 80']],
    ['OPERATIONS_PORT', ['abc', '65536', '3000']],
    ['OPERATIONS_HOST', ['not a host', '127.0.0.1']],
    ['DATABASE_URL_DIRECT', ['mysql://db/x', 'postgresql://db/latchkey']],
    ['DATABASE_POOL_SIZE', ['0', '1', '7', '1001', 'many']],
    ['TOKEN_RESOURCES', ['orders', 'https://orders.example/#x', 'http://127.0.0.1:3000']],
    ['PUBLIC_URL', ['acme.example', 'ftp://acme.example', 'https://acme.example/?x', 'https://user:pw@acme.example']],
    ['DATABASE_URL', ['mysql://db/x', 'db:5432', 'postgres://u:p w@h:99999999/x']],
    ['SECRET_KEY', ['too-short', 'x'.repeat(31)]],
    ['MAIL_TRANSPORT', ['sendgird', 'SMTP']],
    [
      'MAIL_FROM',
      ['Acme Support', 'Acme <acme>', 'Acme <a@b.example>, Eve <e@f.example>', 'A\r\nBcc: e@f.example <a@b.example>'],
    ],
    ['PRODUCT_NAME', ['Acme\r\nBcc: eve@example.com']],
    ['SUPPORT_CONTACT', ['help@acme.example\nX: y']],
    ['MAIL_LANGUAGE', ['fr', 'DE', 'english']],
    ['MAIL_TEXTS_DIR', ['/nonexistent']],
    [
      'MAIL_LOGO_URL',
      ['logo.png', 'http://acme.example/logo.png', 'data:image/png;base64,AA', 'https://user:pw@acme.example/logo.png'],
    ],
    ['MAIL_COLOR', ['blue', '#fff', '1d4ed8', '#1d4ed8;x:y', '#1d4ed8ff']],
    ['MAIL_LEGAL', ['Acme Ltd.\nLondon']],
    ...LINKS.map((name): [string, string[]] => [
      name,
      [
        'https://app.example/reset',
        '{token}',
        '/reset#{token}',
        'javascript:{token}',
        'https://a.example/{token}#{token}',
      ],
    ]),
    ['BCRYPT_COST', ['9', '16', '12.5', 'high']],
    ...SECONDS.map((name): [string, string[]] => [name, ['-1', '5m', '1.5', '99999999999']]),
    ...SECONDS.slice(0, -1).map((name): [string, string[]] => [name, ['0']]),
    ['SENDGRID_BASE_URL', ['eu', 'ftp://api.example']],
    ['SMTP_URL', ['garbage', 'smtp:foo', 'smtp://', 'smtp:///x', 'http://mail.example']],
    [
      'CORS_ORIGINS',
      [
        '*',
        'https://app.example/',
        'app.example',
        'https://app.example,https://b.example/x',
        'https://*.app.example',
        'ftp://app.example',
      ],
    ],
    ['TRUST_PROXY', ['true', '1', '10.0.0.0/33', '10.0.0', 'loopback']],
    ['RATE_LIMIT_FACTOR', ['-1', 'off', '1,5']],
    ['REDIS_URL', ['localhost:6379', 'http://redis']],
    ['PASSWORD_PRESET', ['NIST', 'strict']],
    ['BREACH_LIST', ['https://']],
    ['SENDGRID_WEBHOOK_PUBLIC_KEY', ['not-a-key']],
    ['SECURITY_EVENT_URLS', ['siem.example', 'https://user:pw@siem.example/x']],
    ['SECURITY_EVENT_SECRET', ['secret', 'whsec_AAAA']],
    ['AUDIT_RETENTION_DAYS', ['0', 'forever']],
    ['LOG_LEVEL', ['verbose', 'INFO']],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', ['collector:4318', 'https://user:pw@collector.example']],
  ])('%s', (name, values) => {
    for (const value of values) {
      const refusal = refusalOf({ [name]: value })

      expect(refusal).toContain(name)
      expect(refusal).not.toContain('\n')
    }
  })

  test.each<[string, Environment]>([
    ['SENDGRID_API_KEY', { MAIL_TRANSPORT: 'sendgrid' }],
    ['SENDGRID_BASE_URL', { MAIL_TRANSPORT: 'sendgrid', SENDGRID_API_KEY: 'SG.x', SENDGRID_BASE_URL: 'eu' }],
    ['SMTP_URL', { MAIL_TRANSPORT: 'smtp' }],
    ['SMTP_URL', { MAIL_TRANSPORT: 'smtp', SMTP_URL: 'mail.acme.example:25' }],
    ['SECRET_KEY_PREVIOUS', { SECRET_KEY: 'x'.repeat(32), SECRET_KEY_PREVIOUS: 'short' }],
    ['SECRET_KEY_PREVIOUS', { SECRET_KEY_PREVIOUS: 'x'.repeat(32) }],
    ['SECURITY_EVENT_SECRET', { SECURITY_EVENT_URLS: 'https://siem.example/hook' }],
    ['ACCESS_TOKEN_TTL', { ACCESS_TOKEN_TTL: '600', REFRESH_TOKEN_TTL: '300' }],
    [
      'OTEL_EXPORTER_OTLP_PROTOCOL',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    ],
  ])('%s, by what goes with it', (name, environment) => {
    const refusal = refusalOf(environment)

    expect(refusal).toContain(name)
    expect(refusal).not.toContain('\n')
  })

  test('a value that other defaults are made of is named alone, without them', () => {
    expect(refusalOf({ HOST: 'not a host' })).not.toContain('PUBLIC_URL')
    expect(refusalOf({ PRODUCT_NAME: 'Acme\nX' })).not.toContain('MAIL_FROM')
  })

  test.each(['PORT', 'LOG_LEVEL', 'CORS_ORIGINS', 'RATE_LIMIT_FACTOR', 'BCRYPT_COST'])(
    '%s, also where the value has lines of its own',
    (name) => {
      expect(refusalOf({ [name]: 'one\ntwo\u001b[31m' })).not.toMatch(/\p{Cc}/u)
    },
  )

  test('all of them at once, so that one start shows what there is to mend', () => {
    expect(refusalOf({ PORT: 'abc', BCRYPT_COST: '4', LOG_LEVEL: 'loud' })).toMatch(
      /PORT: .* BCRYPT_COST: .* LOG_LEVEL: /,
    )
  })
})

describe('what only shows on trying stops the start with one line too', () => {
  const quiet = { LOG_LEVEL: 'silent', PORT: '0' }

  test('HOST, where it is no address of this machine', async () => {
    const config = readConfig({ ...quiet, HOST: 'no-such-host.invalid', DATABASE_URL: 'postgresql://127.0.0.1:1/x' })

    const error = await serve(config, 'api', new AbortController().signal).then(undefined, (refused: Error) => refused)

    expect(error).toBeInstanceOf(StartRefused)
    expect((error as Error).message).toMatch(/^Cannot listen on no-such-host\.invalid.*HOST/)
  })

  test('DATA_DIR, where no folder can be made', async () => {
    for (const DATABASE_URL of ['', 'postgresql://127.0.0.1:1/x']) {
      const config = readConfig({ ...quiet, DATA_DIR: '/dev/null/data', DATABASE_URL })

      const error = await serve(config, 'api', new AbortController().signal).then(
        undefined,
        (refused: Error) => refused,
      )

      expect(error).toBeInstanceOf(ConfigError)
      expect((error as Error).message).toBe('DATA_DIR /dev/null/data cannot be used (ENOTDIR)')
    }
  })
})

test('DATA_DIR is refused too where a file system has no folder for anybody', async () => {
  const config = readConfig({ LOG_LEVEL: 'silent', PORT: '0', DATA_DIR: '/proc/no/such/folder' })

  const error = await serve(config, 'api', new AbortController().signal).then(undefined, (refused: Error) => refused)

  expect((error as Error).message).toBe('DATA_DIR /proc/no/such/folder cannot be used (ENOENT)')
})

describe('what is allowed and probably not meant is said in the log', () => {
  test('nothing of what production asks for, and nothing of the defaults', () => {
    const config = readConfig({ ...PRODUCTION, PUBLIC_URL: 'https://accounts.acme.example' })
    expect(doubtfulSettings(config)).toEqual([])
    expect(doubtfulSettings(readConfig({}))).toEqual([])
  })

  test('a token outside the fragment, which servers log', () => {
    for (const page of ['https://a.example/reset?token={token}', 'https://a.example/{token}#reset']) {
      expect(doubtfulSettings(readConfig({ LINK_RESET_PASSWORD: page }))).toEqual([
        expect.stringContaining('resetPassword'),
      ])
    }
  })

  test('an issuer in production that is not https, as the default', () => {
    expect(doubtfulSettings(readConfig(PRODUCTION))).toEqual([expect.stringContaining('PUBLIC_URL')])
  })

  test('a database of one’s own with mail that is only shown', () => {
    const own = { DATABASE_URL: 'postgresql://db/latchkey' }
    expect(doubtfulSettings(readConfig(own))).toEqual([expect.stringContaining('not sent')])
    expect(doubtfulSettings(readConfig({ ...own, MAIL_TRANSPORT: 'smtp', SMTP_URL: 'smtp://mail.example' }))).toEqual(
      [],
    )
  })
})

describe('no secret is printed', () => {
  const SECRETS = {
    DATABASE_URL: 'postgresql://latchkey:database-secret@db.internal/latchkey',
    SECRET_KEY: 'a-secret-key-of-32-bytes-0123456789',
    SECRET_KEY_PREVIOUS: 'a-secret-key-before-that-0123456789',
    REDIS_URL: 'redis://:redis-secret@redis.internal',
  }
  const MAIL = [
    { MAIL_TRANSPORT: 'sendgrid', SENDGRID_API_KEY: 'SG.sendgrid-secret' },
    { MAIL_TRANSPORT: 'smtp', SMTP_URL: 'smtps://acme:smtp-secret@mail.acme.example' },
  ]

  test('by whatever shows the configuration', () => {
    for (const mail of MAIL) {
      const config = readConfig({ ...SECRETS, ...mail })

      for (const shown of [
        JSON.stringify(config),
        inspect(config, { depth: 9, showHidden: true }),
        `${config.secretKey}`,
      ]) {
        expect(shown).not.toMatch(/-secret|a-secret-key/)
      }
    }
  })

  test('by the line that refuses it', () => {
    const refusal = refusalOf({
      DATABASE_URL: 'mysql://latchkey:database-secret@db.internal/latchkey',
      SECRET_KEY: 'a-secret-key',
      SECRET_KEY_PREVIOUS: 'a-secret-key',
      REDIS_URL: 'http://:redis-secret@redis.internal',
      MAIL_TRANSPORT: 'smtp',
      SMTP_URL: 'http://acme:smtp-secret@mail.acme.example',
    })

    for (const name of ['DATABASE_URL', 'SECRET_KEY', 'REDIS_URL', 'SMTP_URL']) expect(refusal).toContain(name)
    expect(refusal).not.toMatch(/-secret|a-secret-key/)
  })
})

test('the table in README.md names every variable that is read, and no other', async () => {
  const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8')
  const described = [...readme.matchAll(/^\| `((?:<NAME>)?[A-Z_]+)` \|/gm)].map((row) => row[1])
  const fromFiles =
    /^(DATABASE_URL|DATABASE_URL_DIRECT|SECRET_KEY|SECRET_KEY_PREVIOUS|SENDGRID_API_KEY|SMTP_URL|SECURITY_EVENT_SECRET|REDIS_URL)_FILE$/
  const read = new Set<string>()
  for (const MAIL_TRANSPORT of ['console', 'sendgrid', 'smtp']) {
    const environment = { ...PRODUCTION, NODE_ENV: 'development', MAIL_TRANSPORT, SMTP_URL: 'smtp://mail.acme.example' }
    readConfig(
      new Proxy<Environment>(environment, {
        get: (target, name) => {
          read.add(String(name).replace(fromFiles, '<NAME>_FILE'))
          return target[String(name)]
        },
      }),
    )
  }

  expect(described.sort()).toEqual([...read].sort())
})

describe('a secret may be in a file', () => {
  test.each([
    ['DATABASE_URL', 'postgresql://latchkey:database-secret@db.internal/latchkey'],
    ['SECRET_KEY', 'secret-key-of-32-bytes-0123456789'],
    ['REDIS_URL', 'rediss://:redis-secret@redis.internal'],
    ['SMTP_URL', 'smtps://acme:smtp-secret@mail.acme.example'],
  ])('%s_FILE names it, and one line end at its end does not count', async (name, value) => {
    const path = join(await mkdtemp(join(tmpdir(), 'latchkey-config-')), name)
    await writeFile(path, `${value}\n`)

    const config = readConfig({ MAIL_TRANSPORT: 'smtp', SMTP_URL: '', [`${name}_FILE`]: path, ...smtpUnless(name) })

    const secrets = [
      config.databaseUrl,
      config.secretKey,
      config.redisUrl,
      'url' in config.mail ? config.mail.url : null,
    ]
    expect(secrets.map((secret) => secret?.reveal())).toContain(value)
  })

  const smtpUnless = (name: string): Environment =>
    name === 'SMTP_URL' ? {} : { SMTP_URL: 'smtps://mail.acme.example' }

  test('a file that cannot be read, and a value beside the file, stop the start', () => {
    const missing = { SECRET_KEY_FILE: '/no/such/file' }

    expect(refusalOf(missing)).toContain('SECRET_KEY_FILE: the file "/no/such/file" cannot be read (ENOENT).')
    expect(refusalOf({ ...missing, SECRET_KEY: 'x'.repeat(32) })).toContain(
      'SECRET_KEY and SECRET_KEY_FILE are both set',
    )
  })
})

describe('origins are accepted as browsers and web views send them', () => {
  test.each([
    'https://app.example',
    'http://localhost:5173',
    'capacitor://localhost',
    'ionic://localhost',
    'tauri://localhost:1430',
  ])('%s', (origin) => {
    expect(readConfig({ CORS_ORIGINS: origin }).corsOrigins).toEqual([origin])
  })

  test.each([
    ['https://app.example/', 'https://app.example'],
    ['https://APP.example:443', 'https://app.example'],
  ])('%s stops the start with the form that would be accepted', (written, origin) => {
    expect(refusalOf({ CORS_ORIGINS: written })).toContain(`an exact origin; here that would be ${origin}`)
  })

  test.each(['null', 'capacitor://localhost/', 'capacitor://', 'https://*.app.example', 'file:///x'])(
    '%s stops the start',
    (written) => {
      expect(refusalOf({ CORS_ORIGINS: written })).toContain('CORS_ORIGINS')
    },
  )

  test('in development the pages of the links may call the service, elsewhere nobody who is not named', () => {
    expect(readConfig({ LINK_RESET_PASSWORD: 'https://a.example/r#{token}' }).corsOrigins).toEqual([
      'http://localhost:5173',
      'https://a.example',
    ])
    expect(readConfig({ NODE_ENV: 'test' }).corsOrigins).toEqual([])
    expect(readConfig(PRODUCTION).corsOrigins).toEqual([])
  })
})

test('quotes around a whole value are named where they make it wrong, and doubted where they do not', () => {
  expect(refusalOf({ DATABASE_URL: '"postgresql://db/latchkey"' })).toMatch(
    /^Refusing to start: DATABASE_URL: .*in quotes.*remove them\.$/,
  )
  expect(refusalOf({ LOG_LEVEL: "'info'" })).toContain('in quotes')
  expect(refusalOf({ LOG_LEVEL: 'loud' })).not.toContain('in quotes')
  expect(doubtfulSettings(readConfig({ PRODUCT_NAME: '"Acme"' }))).toEqual([
    expect.stringMatching(/^PRODUCT_NAME: .*in quotes/),
  ])
  expect(doubtfulSettings(readConfig({ MAIL_FROM: '"Acme" <a@b.example>' }))).toEqual([])
})

test('a line break after a secret is doubted, because a copy without it is another secret', () => {
  const ended = readConfig({ SECRET_KEY: `${PRODUCTION['SECRET_KEY']}\n` })

  expect(doubtfulSettings(ended)).toEqual([expect.stringMatching(/^SECRET_KEY: the value ends with a line break/)])
  expect(doubtfulSettings(readConfig({ SECRET_KEY: PRODUCTION['SECRET_KEY'] ?? '' }))).toEqual([])
})

describe('a setting that undoes a protection', () => {
  const safe = { ...PRODUCTION, PUBLIC_URL: 'https://accounts.acme.example' }
  const smtp = (SMTP_URL: string) => ({ MAIL_TRANSPORT: 'smtp', SMTP_URL })
  const https = 'the scheme must be https'

  test.each<[string, 'refused' | 'warned' | 'fine', Environment, string?]>([
    ['LINK_VERIFY_EMAIL', 'refused', { LINK_VERIFY_EMAIL: 'http://app.example/#{token}' }, https],
    ['LINK_RESET_PASSWORD', 'refused', { LINK_RESET_PASSWORD: 'http://app.example/#{token}' }, https],
    ['LINK_CONFIRM_EMAIL', 'refused', { LINK_CONFIRM_EMAIL: 'http://app.example/#{token}' }, https],
    ['LINK_REVERT_EMAIL', 'refused', { LINK_REVERT_EMAIL: 'http://app.example/#{token}' }, https],
    ['LINK_VERIFY_EMAIL', 'fine', { LINK_VERIFY_EMAIL: 'http://localhost:8080/#{token}' }],
    ['LINK_VERIFY_EMAIL', 'warned', { LINK_VERIFY_EMAIL: 'https://app.example/?token={token}' }, 'verifyEmail'],
    ['SENDGRID_BASE_URL', 'refused', { SENDGRID_BASE_URL: 'http://api.example' }, https],
    ['SENDGRID_BASE_URL', 'fine', { SENDGRID_BASE_URL: 'https://api.eu.sendgrid.com' }],
    ['SENDGRID_BASE_URL', 'fine', { SENDGRID_BASE_URL: 'http://127.0.0.1:4000' }],
    ['BREACH_LIST', 'refused', { BREACH_LIST: 'http://ranges.example' }, https],
    ['BREACH_LIST', 'fine', { BREACH_LIST: 'http://[::1]:4000' }],
    ['BREACH_LIST', 'fine', { BREACH_LIST: 'https://api.pwnedpasswords.com' }],
    ['SECURITY_EVENT_URLS', 'refused', { SECURITY_EVENT_URLS: 'http://siem.example' }, 'https URL'],
    ['SMTP_URL', 'warned', smtp('smtp://mail.example?requireTLS=false'), 'SMTP_URL'],
    ['SMTP_URL', 'fine', smtp('smtp://mail.example')],
    ['SMTP_URL', 'fine', smtp('smtps://mail.example')],
    ['TRUST_PROXY', 'refused', { TRUST_PROXY: '0.0.0.0/0' }, 'too wide'],
    ['TRUST_PROXY', 'refused', { TRUST_PROXY: '10.0.0.0/7' }, 'too wide'],
    ['TRUST_PROXY', 'refused', { TRUST_PROXY: '::/0' }, 'too wide'],
    ['TRUST_PROXY', 'refused', { TRUST_PROXY: '198.0.0.0/8' }, 'too wide'],
    ['TRUST_PROXY', 'warned', { TRUST_PROXY: '104.16.0.0/13,2400:cb00::/32' }, 'public addresses'],
    ['TRUST_PROXY', 'fine', { TRUST_PROXY: '10.0.0.0/8,172.16.0.0/12,192.168.0.1,fd00::/8,127.0.0.1' }],
    ['SECRET_KEY', 'refused', { SECRET_KEY: 'a'.repeat(32) }, 'not random'],
    ['SECRET_KEY', 'refused', { SECRET_KEY: 'changeme'.repeat(5) }, 'not random'],
    ['SECRET_KEY', 'fine', { SECRET_KEY: '3f1c9a5e7b2d4860f1c9a5e7b2d486003f1c9a5e7b2d4860f1c9a5e7b2d48600' }],
    ['SECRET_KEY_PREVIOUS', 'warned', { SECRET_KEY_PREVIOUS: PRODUCTION['SECRET_KEY'] ?? '' }, 'SECRET_KEY_PREVIOUS'],
    ['PUBLIC_URL', 'warned', { PUBLIC_URL: 'http://accounts.acme.example' }, 'PUBLIC_URL'],
    ['DATABASE_URL', 'warned', { DATABASE_URL: 'postgresql://u:p@db.example/x?sslmode=disable' }, 'DATABASE_URL'],
    ['DATABASE_URL', 'warned', { DATABASE_URL: 'postgresql://u:p@db.example/x' }, 'DATABASE_URL'],
    ['DATABASE_URL', 'fine', { DATABASE_URL: 'postgresql://u:p@127.0.0.1/x' }],
    ['REDIS_URL', 'warned', { REDIS_URL: 'redis://:password@redis.example' }, 'not encrypted'],
    ['REDIS_URL', 'warned', { REDIS_URL: 'rediss://redis.example' }, 'without a password'],
    ['REDIS_URL', 'fine', { REDIS_URL: 'rediss://:password@redis.example' }],
    ['REDIS_URL', 'fine', { REDIS_URL: 'redis://localhost' }],
    ['RATE_LIMIT_FACTOR', 'warned', { RATE_LIMIT_FACTOR: '0' }, 'RATE_LIMIT_FACTOR'],
    ['RATE_LIMIT_FACTOR', 'fine', { RATE_LIMIT_FACTOR: '0.5' }],
    ['CORS_ORIGINS', 'warned', { CORS_ORIGINS: 'http://app.example' }, 'CORS_ORIGINS'],
    ['CORS_ORIGINS', 'fine', { CORS_ORIGINS: 'https://app.example,capacitor://localhost,http://localhost' }],
    ['LOG_LEVEL', 'warned', { LOG_LEVEL: 'silent' }, 'LOG_LEVEL'],
    ['LOG_LEVEL', 'fine', { LOG_LEVEL: 'warn' }],
    ['ACCESS_TOKEN_TTL', 'warned', { ACCESS_TOKEN_TTL: '86400' }, 'ACCESS_TOKEN_TTL'],
    ['ACCESS_TOKEN_TTL', 'fine', { ACCESS_TOKEN_TTL: '3600' }],
    ['AUDIT_RETENTION_DAYS', 'warned', { AUDIT_RETENTION_DAYS: '1' }, 'AUDIT_RETENTION_DAYS'],
    ['AUDIT_RETENTION_DAYS', 'fine', { AUDIT_RETENTION_DAYS: '90' }],
    ['REVERT_TOKEN_TTL', 'warned', { REVERT_TOKEN_TTL: '31536000' }, 'REVERT_TOKEN_TTL'],
    ['REVERT_TOKEN_TTL', 'fine', { REVERT_TOKEN_TTL: '604800' }],
  ])('%s is %s in production: %j', (name, outcome, changes, message = '') => {
    const environment = { ...safe, ...changes }

    if (outcome === 'refused') {
      const refusal = refusalOf(environment)
      expect(refusal).toContain(`${name}: `)
      expect(refusal).toContain(message)
      return
    }
    const doubts = doubtfulSettings(readConfig(environment))
    expect(doubts).toEqual(outcome === 'fine' ? [] : [expect.stringContaining(message)])
  })

  test('mail over smtp:// needs TLS in production unless the URL says otherwise', () => {
    const urlOf = (SMTP_URL: string) => {
      const { mail } = readConfig({ ...safe, ...smtp(SMTP_URL) })
      return mail.transport === 'smtp' ? mail.url.reveal() : ''
    }

    expect(urlOf('smtp://acme:p%40ss@mail.example:587')).toBe('smtp://acme:p%40ss@mail.example:587?requireTLS=true')
    expect(urlOf('smtp://mail.example?requireTLS=false')).toBe('smtp://mail.example?requireTLS=false')
    expect(urlOf('smtp://localhost:1025')).toBe('smtp://localhost:1025')
    expect(urlOf('smtps://mail.example')).toBe('smtps://mail.example')
  })

  test('in development none of it stops a start', () => {
    const config = readConfig({ SECRET_KEY: 'a'.repeat(32), TRUST_PROXY: '0.0.0.0/0', BREACH_LIST: 'http://x.example' })

    expect(config.production).toBe(false)
  })
})

test('a message says what is wrong with a value in the form of the style guide', () => {
  const refusal = refusalOf({ MAIL_TRANSPORT: 'smtp', SMTP_URL: 'http://mail.example' })

  expect(refusal).toBe('Refusing to start: SMTP_URL: the scheme must be smtp or smtps (got "http").')
})
