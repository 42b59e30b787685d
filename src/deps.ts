import { availableParallelism } from 'node:os'
import type { Logger } from 'pino'
import { type BreachList, createBreachList } from './breach-list/breach-list.ts'
import type { Config } from './config/config.ts'
import { connect, type Database, type Pool } from './database/client.ts'
import { type Clock, createDatabaseClock } from './database/clock.ts'
import { queueConnections } from './database/connection/queue-pool.ts'
import { createKeyRing, type KeyRing } from './keys/key-ring.ts'
import { readMailBacklog } from './operations/mail-backlog.ts'
import { readMailOutcomes } from './operations/mail-outcomes.ts'
import { createMetrics, type Metrics } from './operations/metrics.ts'
import { readSecurityEventBacklog } from './operations/security-event-backlog.ts'
import { readSigningKeyAge } from './operations/signing-key-age.ts'
import { createHashingLane, type HashingLane } from './security/hashing/hashing-lane.ts'
import { createTurns, type Turns } from './security/hashing/turns.ts'
import { createWorkUnderWay, type WorkUnderWay } from './security/hashing/work-under-way.ts'
import { createPasswords, type Passwords } from './security/password-hash.ts'
import { createSealer } from './security/sealed-value.ts'
import type { Secret } from './security/secret.ts'
import { withoutSpan } from './tracing/span.ts'
import type { Tracing } from './tracing/tracing.ts'

/** What use cases depend on. It is built once per process: in serve.ts, for each command, and in the test harness. */
export interface Deps {
  readonly config: Config
  readonly db: Database
  /**
   * The connection pool that `db` uses. The queue and the statements in database/session-statements.ts use it directly.
   */
  readonly pool: Pool
  readonly clock: Clock
  readonly log: Logger
  readonly keys: KeyRing
  readonly passwords: Passwords
  /** Limits how many password hashes are computed at the same time. */
  readonly hashingLane: HashingLane
  /** Makes requests with the same mailed link hash their passwords one after the other. */
  readonly turns: Turns
  /** The password comparisons that are running in this process, by the counters that they count against. */
  readonly comparisons: WorkUnderWay
  /** Null if none is configured. */
  readonly breachList: BreachList | null
  readonly metrics: Metrics
  /** Null if traces are off. Code inside a request or a delivery uses the current span: see tracing/span.ts. */
  readonly tracing: Tracing | null
}

const LONGEST_WAIT_FOR_A_PLACE_MS = 6_000
/**
 * About as many hashes of cost 12 as one core can compute within the longest wait. Further requests would only time
 * out.
 */
const WAITING_PER_CORE = 30

export function createDeps(input: {
  config: Config
  databaseUrl: string
  secretKey: Secret
  log: Logger
  tracing?: Tracing | null
  /** Whether a worker uses `pool`. Then a pooler in transaction mode is refused, and the queue gets connections of its own. */
  needsSessions?: boolean
  /** In tests: a clock other than the database's. */
  createClock?: (pool: Pool, log: Logger) => Clock
}): Deps {
  const { config, databaseUrl, secretKey, log, tracing = null } = input
  const { needsSessions = false, createClock = createDatabaseClock } = input
  const { db, pool } = openDatabase(databaseUrl, { config, log, needsSessions })
  const clock = createClock(pool, log)
  const keys = createKeyRing({ db, pool }, createSealer(secretKey, config.previousSecretKey), () => clock.now())
  const cores = availableParallelism()
  const hashingLane = createHashingLane({
    cores,
    places: cores + 1,
    maxWaiting: cores * WAITING_PER_CORE,
    longestWaitMs: LONGEST_WAIT_FOR_A_PLACE_MS,
  })
  const passwords = createPasswords({
    cost: config.bcryptCost,
    peppers: keys.peppers,
    importKeys: keys.importKeys,
  })
  const breachList = config.breachList ? createBreachList(config.breachList, log) : null
  const metrics = createMetrics(
    { hashingLane, pool },
    {
      readMailBacklog: () => readMailBacklog(pool, clock.now()),
      readMailOutcomes: () => readMailOutcomes(pool),
      readSecurityEventBacklog: () => readSecurityEventBacklog(pool, clock.now()),
      readSigningKeyAge: () => readSigningKeyAge(pool, clock.now()),
    },
  )
  const comparisons = createWorkUnderWay()
  return {
    config,
    db,
    pool,
    clock,
    log,
    keys,
    passwords,
    hashingLane,
    turns: createTurns(),
    comparisons,
    breachList,
    metrics,
    tracing,
  }
}

/**
 * The same for a worker, with database connections of its own, which lead to `databaseUrl`. Close their `db` and `pool`
 * as well.
 */
export function withOwnDatabase(deps: Deps, databaseUrl: string): Deps {
  const { db, pool } = openDatabase(databaseUrl, { ...deps, needsSessions: true })
  return { ...deps, db, pool }
}

function openDatabase(
  databaseUrl: string,
  { config, log, needsSessions }: Pick<Deps, 'config' | 'log'> & { readonly needsSessions: boolean },
): { db: Database; pool: Pool } {
  const poolSize = config.databasePoolSize
  return connect(databaseUrl, {
    poolSize: needsSessions ? poolSize - queueConnections(poolSize) : poolSize,
    needsSessions,
    // The connection was opened for a request that has nothing to do with this.
    onIdleError: (error) => withoutSpan(() => log.warn({ reason: error.message }, 'A database connection was lost')),
  })
}

/** Closes the connections to the database. */
export async function closeDeps(deps: Pick<Deps, 'db' | 'pool'>): Promise<void> {
  await deps.db.$disconnect()
  await deps.pool.end()
}
