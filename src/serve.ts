import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.ts'
import type { Config } from './config/config.ts'
import { createDataFolder } from './config/data-folder.ts'
import { readSecretKey } from './config/development-secret.ts'
import { doubtfulSettings } from './config/doubtful-settings.ts'
import { assertGranted, assertMigrated } from './database/assert-ready.ts'
import { DatabaseRefused, isDatabaseUnavailable } from './database/connection/connection-errors.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from './database/embedded-postgres.ts'
import { migrate } from './database/migrate.ts'
import { MigrationRefused } from './database/migrations/lock-waits.ts'
import { closeDeps, createDeps, type Deps, withOwnDatabase } from './deps.ts'
import type { Readiness } from './http/readiness.ts'
import { RELOAD_KEYS_SECONDS } from './keys/key-lifetimes.ts'
import { createLog } from './log.ts'
import { createMailer, type Mailer } from './mail/mailer.ts'
import { VERSION } from './operations/version.ts'
import { buildOperationsApp } from './operations-app.ts'
import { startTracing } from './tracing/tracing.ts'
import type { Worker } from './worker/run-worker.ts'

export type Role = 'all' | 'api' | 'worker'

/** The service cannot start. The message is one line for the operator. */
export class StartRefused extends Error {}

const RETRY_DATABASE_MS = 1_000
/**
 * Kubernetes and systemd allow 30 seconds or more before they kill the process. Work that takes longer than this limit
 * is abandoned.
 */
const LONGEST_DRAIN_MS = 9_000

export interface Service {
  readonly port: number
  /**
   * Reports that it is not ready, accepts requests for another `noticeMs`, then finishes the running requests and jobs
   * and closes everything.
   */
  stop(noticeMs: number): Promise<void>
}

/**
 * Starts the service. It listens at once, and /health/ready reports when the database can be reached. Therefore a
 * database that starts later does not make the process exit and restart repeatedly.
 *
 * @param leaving When this is aborted, the service no longer waits for its database, and the caller has to stop it.
 * @throws {StartRefused} if waiting would not help: the database is not migrated, SECRET_KEY is wrong, or a port is in
 *   use.
 */
export async function serve(config: Config, role: Role, leaving: AbortSignal): Promise<Service> {
  if (config.databaseUrl === undefined || config.secretKey === undefined) await createDataFolder(config.dataDir)
  const secretKey = await readSecretKey(config)
  const embedded = config.databaseUrl === undefined ? await startEmbeddedPostgres({ dataDir: config.dataDir }) : null
  const mainUrl = role === 'worker' ? config.databaseUrlDirect : config.databaseUrl
  const databaseUrl = mainUrl?.reveal() ?? embedded?.url ?? ''
  const directUrl = config.databaseUrlDirect?.reveal() ?? databaseUrl
  const hasOwnWorkerDatabase = role === 'all' && directUrl !== databaseUrl
  const needsSessions = role !== 'api' && !hasOwnWorkerDatabase
  const log = createLog(config.logLevel)
  const tracing = config.tracing ? await startTracing(log, VERSION) : null
  const deps = await createOrStopEmbedded(embedded, () =>
    createDeps({ config, databaseUrl, secretKey, log, tracing, needsSessions }),
  )
  const readiness: Readiness = { hasStarted: false, isDraining: false }
  const running: Running = {
    deps,
    workerDeps: hasOwnWorkerDatabase ? withOwnDatabase(deps, directUrl) : deps,
    readiness,
    embedded,
    app: null,
    operationsApp: null,
    worker: null,
    mailer: null,
    reload: null,
  }
  try {
    await openListeners(running, role)
    await bringUpDatabase(running, { databaseUrl, directUrl, needsSessions }, leaving)
    await deps.breachList?.assertWorks()
  } catch (error) {
    await stop(running, 0)
    throw error
  }
  if (!leaving.aborted) await beginWork(running, role)
  return { port: running.app ? addressOf(running.app) : 0, stop: (noticeMs) => stop(running, noticeMs) }
}

async function createOrStopEmbedded(embedded: EmbeddedPostgres | null, create: () => Deps): Promise<Deps> {
  try {
    return create()
  } catch (error) {
    await embedded?.stop()
    throw error
  }
}

async function beginWork(running: Running, role: Role): Promise<void> {
  const { deps, workerDeps, readiness, embedded, app } = running
  const { config, log } = deps
  for (const doubt of doubtfulSettings(config)) log.warn(doubt)
  running.reload = setInterval(() => void reloadKeysAndTime(deps), RELOAD_KEYS_SECONDS * 1000)
  if (role !== 'api') {
    const { startWorker } = await import('./worker/run-worker.ts') // an api process does not need it
    running.mailer = await createMailer(config.mail, log)
    running.worker = startWorker(workerDeps, running.mailer)
  }
  readiness.hasStarted = true
  const port = app ? addressOf(app) : 0
  log.info({ role, port, publicUrl: config.publicUrl, database: embedded ? 'embedded' : 'external' }, 'ready')
}

/**
 * Reads the keys and the database's time again. After a failure the process continues with the keys and the time that
 * it has.
 */
async function reloadKeysAndTime({ keys, clock, log }: Deps): Promise<void> {
  try {
    await clock.synchronize()
    await keys.load()
  } catch (error) {
    if (isDatabaseUnavailable(error)) return
    log.warn({ reason: (error as Error).message }, 'The keys or the time of the database could not be read again')
  }
}

interface Running {
  readonly deps: Deps
  /** With connections of their own if DATABASE_URL_DIRECT differs from DATABASE_URL; otherwise the same as `deps`. */
  readonly workerDeps: Deps
  readonly readiness: Readiness
  readonly embedded: EmbeddedPostgres | null
  app: FastifyInstance | null
  operationsApp: FastifyInstance | null
  worker: Worker | null
  mailer: Mailer | null
  reload: NodeJS.Timeout | null
}

/** The operations listener exists in every role. It is the only listener of a worker. */
async function openListeners(running: Running, role: Role): Promise<void> {
  const { deps, readiness } = running
  const { host, port, operations } = deps.config
  if (role !== 'worker') {
    running.app = await listen(await buildApp(deps, readiness), { host, port, settings: 'HOST and PORT' })
  }
  if (operations) {
    const settings = 'OPERATIONS_HOST and OPERATIONS_PORT'
    running.operationsApp = await listen(await buildOperationsApp(deps, readiness), { ...operations, settings })
  }
}

async function listen(
  app: FastifyInstance,
  { host, port, settings }: { host: string; port: number; settings: string },
): Promise<FastifyInstance> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    await app.close()
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') throw new StartRefused(`Port ${port} on ${host} is in use. See ${settings}.`)
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
      throw new StartRefused(`Cannot listen on ${host}:${port} (${code}). See ${settings}.`)
    throw error
  }
  return app
}

/**
 * Waits for the database and checks that the service can run on it. The embedded database is migrated here. Any other
 * database is migrated by the operator, with `latchkey migrate`.
 *
 * @throws {DatabaseRefused | MigrationRefused} if waiting would not help.
 */
async function bringUpDatabase(
  { deps, workerDeps, embedded }: Running,
  { databaseUrl, directUrl, needsSessions }: { databaseUrl: string; directUrl: string; needsSessions: boolean },
  leaving: AbortSignal,
): Promise<void> {
  while (!leaving.aborted) {
    try {
      if (embedded) await migrate(databaseUrl)
      else await assertMigrated(databaseUrl, { needsSessions })
      if (workerDeps !== deps) await assertMigrated(directUrl, { needsSessions: true })
      await assertGranted(deps.pool)
      await deps.clock.synchronize()
      await deps.keys.load()
      return
    } catch (error) {
      const isFinal = error instanceof DatabaseRefused || error instanceof MigrationRefused
      if (isFinal || !isDatabaseUnavailable(error)) throw error
      deps.log.warn({ reason: (error as Error).message }, 'The database cannot be reached; trying again')
      await wait(RETRY_DATABASE_MS, undefined, { signal: leaving }).catch(() => undefined)
    }
  }
}

/** Reports that it is not ready, finishes the running requests and jobs, and closes the database connections. */
async function stop(running: Running, noticeMs: number): Promise<void> {
  const { deps, workerDeps, readiness, app, worker, embedded } = running
  readiness.isDraining = true
  deps.log.info({ noticeMs }, 'The service is draining: it finishes its requests and jobs and then exits')
  const giveUp = setTimeout(() => {
    deps.log.warn('The service exits with unfinished requests or jobs; their transactions are rolled back')
    process.exit(0)
  }, LONGEST_DRAIN_MS)
  if (running.reload) clearInterval(running.reload)
  await Promise.all([app && wait(noticeMs).then(() => app.close()), worker?.stop()])
  await running.mailer?.close()
  await running.operationsApp?.close() // last, so that probes can see that the service is draining
  if (workerDeps !== deps) await closeDeps(workerDeps)
  await closeDeps(deps)
  await embedded?.stop()
  await deps.tracing?.stop()
  clearTimeout(giveUp)
}

function addressOf(app: FastifyInstance): number {
  const address = app.server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
