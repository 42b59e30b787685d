import { existsSync, statSync } from 'node:fs'
import { access, constants, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.ts'
import type { Config } from './config/config.ts'
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
import { buildOperationsApp } from './operations-app.ts'
import { startWorker, type Worker } from './worker/run-worker.ts'

export type Role = 'all' | 'api' | 'worker'

/** The service cannot run like this; the message is one line for whoever started it. */
export class StartRefused extends Error {}

const RETRY_DATABASE_MS = 1_000
/** Kubernetes and systemd grant 30 seconds or more; whatever is not done by then never will be. */
const LONGEST_DRAIN_MS = 9_000

export interface Service {
  readonly port: number
  /** Answers what is in flight and leaves; before that, goes on serving for `noticeMs` while readiness says it will. */
  stop(noticeMs: number): Promise<void>
}

/**
 * Brings the service up. It listens at once and says through /health/ready when the database is there too, so that a
 * database that comes late does not make it crash and start again in circles.
 *
 * @param leaving Told to leave while it still waits for its database, it waits no longer: stop it then.
 * @throws {StartRefused} where waiting would not help: a database that is not migrated, another SECRET_KEY, a port in use.
 */
export async function serve(config: Config, role: Role, leaving: AbortSignal): Promise<Service> {
  if (config.databaseUrl === undefined || config.secretKey === undefined) await makeDataDir(config.dataDir)
  const secretKey = await readSecretKey(config)
  const embedded = config.databaseUrl === undefined ? await startEmbeddedPostgres({ dataDir: config.dataDir }) : null
  const mainUrl = role === 'worker' ? config.databaseUrlDirect : config.databaseUrl
  const databaseUrl = mainUrl?.reveal() ?? embedded?.url ?? ''
  const directUrl = config.databaseUrlDirect?.reveal() ?? databaseUrl
  const deps = await stoppingIfRefused(embedded, () =>
    createDeps({ config, databaseUrl, secretKey, log: createLog(config.logLevel) }),
  )
  const readiness: Readiness = { hasStarted: false, isDraining: false }
  const running: Running = {
    deps,
    workerDeps: role === 'all' && directUrl !== databaseUrl ? withOwnDatabase(deps, directUrl) : deps,
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
    await bringUpDatabase(running, { databaseUrl, directUrl }, leaving)
    await deps.breachList?.prove()
  } catch (error) {
    await stop(running, 0)
    throw error
  }
  if (!leaving.aborted) await beginWork(running, role)
  return { port: running.app ? addressOf(running.app) : 0, stop: (noticeMs) => stop(running, noticeMs) }
}

async function stoppingIfRefused(embedded: EmbeddedPostgres | null, create: () => Deps): Promise<Deps> {
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
    running.mailer = await createMailer(config.mail, log)
    running.worker = startWorker(workerDeps, running.mailer)
  }
  readiness.hasStarted = true
  const port = app ? addressOf(app) : 0
  log.info({ role, port, publicUrl: config.publicUrl, database: embedded ? 'embedded' : 'external' }, 'ready')
}

/** Picks up rotated keys and the database's time. After a failure the process goes on with what it has. */
async function reloadKeysAndTime({ keys, clock, log }: Deps): Promise<void> {
  try {
    await clock.synchronize()
    await keys.load()
  } catch (error) {
    if (isDatabaseUnavailable(error)) return
    log.warn({ reason: (error as Error).message }, 'The keys or the database time cannot be read again')
  }
}

async function makeDataDir(dataDir: string): Promise<void> {
  try {
    await makeFolder(dataDir)
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new StartRefused(`DATA_DIR ${dataDir} cannot be used (${(error as NodeJS.ErrnoException).code})`)
  }
}

/** Not by `recursive`, which tries for ever where a file system says of every folder that it is not there (/proc). */
async function makeFolder(folder: string): Promise<void> {
  const failure = await mkdir(folder).then(
    () => null,
    (error: NodeJS.ErrnoException) => error,
  )
  if (failure === null || (failure.code === 'EEXIST' && statSync(folder).isDirectory())) return
  if (failure.code !== 'ENOENT' || path.dirname(folder) === folder || existsSync(path.dirname(folder))) throw failure
  await makeFolder(path.dirname(folder))
  await makeFolder(folder)
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

/** The operations listener is for every role, and the only one of a worker. */
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
 * Waits for the database, and makes sure that the service can run on it. The embedded database is migrated here; any other
 * is the operator's, who runs `latchkey migrate`.
 *
 * @throws {DatabaseRefused | MigrationRefused} where waiting would not help.
 */
async function bringUpDatabase(
  { deps, workerDeps, embedded }: Running,
  { databaseUrl, directUrl }: { databaseUrl: string; directUrl: string },
  leaving: AbortSignal,
): Promise<void> {
  while (!leaving.aborted) {
    try {
      if (embedded) await migrate(databaseUrl)
      else await assertMigrated(databaseUrl)
      if (workerDeps !== deps) await assertMigrated(directUrl)
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

/** Says it is leaving, answers what is in flight, finishes the jobs at hand, lets go of the database. */
async function stop(running: Running, noticeMs: number): Promise<void> {
  const { deps, workerDeps, readiness, app, worker, embedded } = running
  readiness.isDraining = true
  deps.log.info({ noticeMs }, 'Draining: not ready any more; finishing requests and jobs, then exiting')
  const giveUp = setTimeout(() => {
    deps.log.warn('Exiting although requests or jobs are unfinished; uncommitted work is rolled back')
    process.exit(0)
  }, LONGEST_DRAIN_MS)
  if (running.reload) clearInterval(running.reload)
  await Promise.all([app && wait(noticeMs).then(() => app.close()), worker?.stop()])
  await running.mailer?.close()
  await running.operationsApp?.close() // last, so that probes see the draining
  if (workerDeps !== deps) await closeDeps(workerDeps)
  await closeDeps(deps)
  await embedded?.stop()
  clearTimeout(giveUp)
}

function addressOf(app: FastifyInstance): number {
  const address = app.server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
