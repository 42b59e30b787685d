import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { readConfig } from '../../src/config/config.ts'
import { serve } from '../../src/serve.ts'
import { hasOpenssl } from '../support/certificates.ts'
import { type CommandResult, latchkey } from '../support/command-line.ts'
import { query } from '../support/embedded-server.ts'
import { freePort } from '../support/free-port.ts'
import { type SendgridStandIn, startSendgridStandIn } from '../support/sendgrid-stand-in.ts'
import { serviceSettings } from '../support/service-settings.ts'
import { CERTIFIED_USER, type TlsPostgres, tlsPostgres, USER_WITH_PASSWORD } from '../support/tls-postgres.ts'
import { until } from '../support/until.ts'

const testWithTls = hasOpenssl() ? test : test.skip
if (!hasOpenssl()) process.stderr.write('SKIPPED: openssl 3 is not installed, so no test connects with TLS here\n')

let server: TlsPostgres
let sendgrid: SendgridStandIn
beforeAll(async () => {
  if (!hasOpenssl()) return
  server = await tlsPostgres()
  sendgrid = await startSendgridStandIn()
})
afterAll(async () => {
  if (!hasOpenssl()) return
  await sendgrid.close()
  await server.discard()
})

type Parameters = Readonly<Record<string, string>>

/** In the parameters, `ca` and the like stand for the path of that file. */
function urlOf(parameters: Parameters, host = 'localhost', user = 'latchkey'): string {
  const files: Parameters = server.files
  const pairs = Object.entries(parameters).map(
    ([name, value]) => `${name}=${encodeURIComponent(files[value] ?? value)}`,
  )
  return `postgresql://${user}@${host}:${server.port}/latchkey?${pairs.join('&')}`
}

const VERIFIED = { sslmode: 'verify-full', sslrootcert: 'ca' }

async function settingsOf(urls: { DATABASE_URL: string; DATABASE_URL_DIRECT?: string }) {
  return {
    ...serviceSettings(urls.DATABASE_URL, sendgrid),
    ...urls,
    HOST: '127.0.0.1',
    PORT: String(await freePort()),
    LOG_LEVEL: 'silent',
  }
}

/** What the server knows about our sessions: whether each is encrypted, and which of them listens for jobs. */
function sessions() {
  return query(
    urlOf({ sslmode: 'no-verify', application_name: 'test' }),
    `SELECT DISTINCT application_name AS name, usename AS role, ssl, query LIKE 'LISTEN%' AS "isListening"
     FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
     WHERE application_name IN ('requests', 'direct') ORDER BY 1, 4`,
  )
}

testWithTls('migrate, requests, the worker and its LISTEN connection use TLS', async () => {
  const requests = urlOf({ ...VERIFIED, application_name: 'requests' })
  const certificate = { sslcert: 'clientCert', sslkey: 'clientKey' }
  const direct = urlOf({ ...VERIFIED, ...certificate, application_name: 'direct' }, 'localhost', CERTIFIED_USER)
  const urls = { DATABASE_URL: requests, DATABASE_URL_DIRECT: direct }

  const migrated = await latchkey(['migrate'], urls)
  const service = await serve(readConfig(await settingsOf(urls)), 'all', new AbortController().signal)
  try {
    await until(async () => (await sessions()).some(({ isListening }) => isListening))
    const seen = await sessions()

    expect(migrated).toMatchObject({ exitCode: 0, stderr: '' })
    expect(seen).toEqual([
      { name: 'direct', role: CERTIFIED_USER, ssl: true, isListening: false },
      { name: 'direct', role: CERTIFIED_USER, ssl: true, isListening: true },
      { name: 'requests', role: 'latchkey', ssl: true, isListening: false },
    ])
  } finally {
    await service.stop(0)
  }
})

const ACCEPTED: Array<[what: string, parameters: Parameters, host?: string, user?: string]> = [
  ['sslmode=require with the right CA', { sslmode: 'require', sslrootcert: 'ca' }],
  ['sslmode=verify-full with the right CA', VERIFIED],
  ['a CA without sslmode', { sslrootcert: 'ca' }],
  ['sslmode=verify-ca with another host name', { sslmode: 'verify-ca', sslrootcert: 'ca' }, '127.0.0.1'],
  ['sslmode=no-verify without a CA', { sslmode: 'no-verify' }],
  ['a client certificate', { ...VERIFIED, sslcert: 'clientCert', sslkey: 'clientKey' }, 'localhost', CERTIFIED_USER],
  ['a password', VERIFIED, 'localhost', USER_WITH_PASSWORD],
]

for (const [what, parameters, host, user] of ACCEPTED) {
  testWithTls(`${what} connects`, async () => {
    const { exitCode, stderr } = await latchkey(['migrate'], { DATABASE_URL: urlOf(parameters, host, user) })

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  })
}

const REFUSED: Array<[what: string, parameters: Parameters, line: RegExp, host?: string, user?: string]> = [
  ['no TLS', { sslmode: 'disable' }, /^The database refused the connection: .* no encryption \(SQLSTATE 28000\)$/],
  [
    'sslmode=prefer',
    { sslmode: 'prefer' },
    /^Refusing to start: DATABASE_URL: the URL has an sslmode that is not supported: write disable, no-verify, /,
  ],
  [
    'sslmode=require without the CA',
    { sslmode: 'require' },
    /^TLS to the database failed: .* See sslmode and sslrootcert in DATABASE_URL\.$/,
  ],
  ['another CA', { ...VERIFIED, sslrootcert: 'otherCa' }, /^TLS to the database failed: .*sslrootcert/],
  ['verify-ca with another CA', { sslmode: 'verify-ca', sslrootcert: 'otherCa' }, /^TLS to the database failed: /],
  ['another host name', VERIFIED, /^TLS to the database failed: .*127\.0\.0\.1.*/, '127.0.0.1'],
  [
    'no client certificate',
    VERIFIED,
    /^The database refused the connection: .*certificate.* \(SQLSTATE 28000\)$/,
    'localhost',
    CERTIFIED_USER,
  ],
  [
    'a client certificate with the key of another',
    { ...VERIFIED, sslcert: 'clientCert', sslkey: 'otherKey' },
    /the URL names \S+ as sslcert and \S+ as sslkey, which are not a certificate and its private key/,
  ],
  [
    'a CA file that is no certificate',
    { ...VERIFIED, sslrootcert: 'clientKey' },
    /the URL names \S+ as sslrootcert, which does not begin with a certificate/,
  ],
]

for (const [what, parameters, line, host, user] of REFUSED) {
  testWithTls(`${what} is refused with one line by migrate and by serve`, async () => {
    const url = urlOf(parameters, host, user)
    const runs = [
      await latchkey(['migrate'], { DATABASE_URL: url }),
      await latchkey(['serve', '--role', 'api'], await settingsOf({ DATABASE_URL: url })),
    ]

    for (const run of runs) expectOneLine(run, line)
  })
}

testWithTls(
  'a worker, and the worker of a process that does everything, are refused with one line as well',
  async () => {
    const url = urlOf({ ...VERIFIED, sslrootcert: 'otherCa' })
    const runs = [
      await latchkey(['serve', '--role', 'worker'], await settingsOf({ DATABASE_URL: url })),
      await latchkey(['serve'], await settingsOf({ DATABASE_URL: urlOf(VERIFIED), DATABASE_URL_DIRECT: url })),
    ]

    for (const run of runs) expectOneLine(run, /^TLS to the database failed: /)
  },
)

function expectOneLine({ exitCode, stderr }: CommandResult, line: RegExp): void {
  expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(line)])
  expect(exitCode).toBe(1)
}
