import { afterAll } from '@jest/globals'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { buildApp } from '../../src/app.ts'
import { type Config, readConfig } from '../../src/config/config.ts'
import type { Pool } from '../../src/database/client.ts'
import type { Clock } from '../../src/database/clock.ts'
import { closeDeps, createDeps, type Deps, withOwnDatabase } from '../../src/deps.ts'
import type { Scope } from '../../src/domain/scopes.ts'
import { createLog } from '../../src/log.ts'
import { createMailer, type Mailer } from '../../src/mail/mailer.ts'
import { Secret } from '../../src/security/secret.ts'
import { type Answer, Api } from './api.ts'
import { Mailbox } from './mailbox.ts'
import { People } from './people.ts'
import { type SendgridStandIn, startSendgridStandIn } from './sendgrid-stand-in.ts'
import { registerClient, serviceTokenOf } from './service-clients.ts'
import { TestClock } from './test-clock.ts'
import { createTestDatabase } from './test-database.ts'
import type { TraceRecorder } from './trace-recorder.ts'

export interface TestApp {
  readonly app: FastifyInstance
  readonly deps: Deps
  readonly clock: TestClock
  readonly api: Api
  /** Sends mails as the worker does, to `sendgrid`. */
  readonly mailer: Mailer
  readonly mailbox: Mailbox
  readonly people: People
  readonly sendgrid: SendgridStandIn
  readonly databaseUrl: string
  /** Signs in; People.signedIn() does so for tests that need the tokens. */
  logIn(email: string, password?: string, ip?: string): Promise<Answer>
  /** Requests a password reset, and answers the token of the mailed link. */
  resetToken(email: string): Promise<string>
  /** The access token of a new service client that has these scopes and no other. */
  serviceToken(...scopes: Scope[]): Promise<string>
  /** Every line the service has logged, as JSON. */
  readonly logLines: string[]
}

const SETTINGS = {
  NODE_ENV: 'test',
  PUBLIC_URL: 'https://accounts.acme.example',
  MAIL_TRANSPORT: 'sendgrid',
  MAIL_FROM: 'Acme Support <support@acme.example>',
  SUPPORT_CONTACT: 'help@acme.example',
  PRODUCT_NAME: 'Acme',
  SENDGRID_API_KEY: 'SG.test-key',
  LINK_VERIFY_EMAIL: 'https://app.acme.example/verify-email#token={token}',
  LINK_RESET_PASSWORD: 'https://app.acme.example/reset-password#token={token}',
  LINK_CONFIRM_EMAIL: 'https://app.acme.example/confirm-email#token={token}',
  LINK_REVERT_EMAIL: 'https://app.acme.example/revert-email#token={token}',
  LOG_LEVEL: 'trace',
  RATE_LIMIT_FACTOR: '0', // tests send more requests than the limits allow; guarantees/rate-limits.test.ts sets it
}

/** afterAll is called while the file is loaded, so that a test may start an app as well. What was opened last is closed first. */
const toClose: Array<() => Promise<unknown>> = []
afterAll(async () => {
  for (const close of toClose.reverse()) await close()
})

/**
 * Starts the whole service on a database of its own: real PostgreSQL, real routes, real worker, and the real SendGrid client,
 * which talks to a stand-in. Only bcrypt is cheaper than an operator may configure. The service is closed after the tests of
 * the file.
 */
export async function startTestApp(
  options: {
    env?: Record<string, string>
    bcryptCost?: number
    databaseUrl?: string
    createClock?: (pool: Pool, log: Logger) => Clock
    /** Traces are on. */
    traces?: TraceRecorder
  } = {},
): Promise<TestApp> {
  const sendgrid = await startSendgridStandIn()
  toClose.push(() => sendgrid.close())
  const database = options.databaseUrl ? null : await createTestDatabase()
  if (database) toClose.push(() => database.drop())
  const databaseUrl = options.databaseUrl ?? database?.url ?? ''
  const environment = { ...SETTINGS, SENDGRID_BASE_URL: sendgrid.url, DATABASE_URL: databaseUrl, ...options.env }
  const config: Config = { ...readConfig(environment), bcryptCost: options.bcryptCost ?? 4 }
  const logLines: string[] = []
  toClose.push(async () => logLines.splice(0)) // the worker keeps what a test file has loaded
  const log = createLog(config.logLevel, { write: (line: string) => void logLines.push(line) })
  const clock = new TestClock()
  const secretKey = new Secret(options.env?.['SECRET_KEY'] ?? 'a secret key for tests, 32 bytes or more')
  const tracing = options.traces?.start(log) ?? null
  const createClock = options.createClock ?? (() => clock)
  const deps = createDeps({ config, databaseUrl, secretKey, log, tracing, createClock })
  toClose.push(() => closeDeps(deps))
  const directUrl = options.env?.['DATABASE_URL_DIRECT']
  const workerDeps = directUrl === undefined ? deps : withOwnDatabase(deps, directUrl)
  if (workerDeps !== deps) toClose.push(() => closeDeps(workerDeps))
  await deps.keys.load()
  const app = await buildApp(deps, { hasStarted: true, isDraining: false })
  const api = new Api(app)
  const mailer = await createMailer(config.mail, log)
  const mailbox = new Mailbox(workerDeps, mailer, sendgrid)
  const people = new People(api, mailbox)
  toClose.push(
    () => mailer.close(),
    () => app.close(),
  )
  const logIn = (email: string, password = 'Correct-Horse-7', ip?: string) =>
    api.post('/v1/login', { email, password }, ip === undefined ? {} : { ip })
  const resetToken = async (email: string) => {
    await api.post('/v1/password/forgot', { email })
    return mailbox.token(email, 'reset_password')
  }
  const serviceToken = async (...scopes: Scope[]) => serviceTokenOf(api, await registerClient(deps, ...scopes))
  return {
    app,
    deps,
    clock,
    api,
    mailer,
    mailbox,
    people,
    sendgrid,
    databaseUrl,
    logIn,
    resetToken,
    serviceToken,
    logLines,
  }
}
