import { availableParallelism } from 'node:os'
import type { Logger } from 'pino'
import { type BreachList, createBreachList } from './breach-list/breach-list.ts'
import type { Config } from './config/config.ts'
import { connect, type Database, type Pool } from './database/client.ts'
import { type Clock, createDatabaseClock } from './database/clock.ts'
import { createKeyRing, type KeyRing } from './keys/key-ring.ts'
import { readMailBacklog } from './operations/mail-backlog.ts'
import { readMailOutcomes } from './operations/mail-outcomes.ts'
import { createMetrics, type Metrics } from './operations/metrics.ts'
import { createHashingLane, type HashingLane } from './security/hashing/hashing-lane.ts'
import { createTurns, type Turns } from './security/hashing/turns.ts'
import { createWorkUnderWay, type WorkUnderWay } from './security/hashing/work-under-way.ts'
import { createPasswords, type Passwords } from './security/password-hash.ts'
import { createSealer } from './security/sealed-value.ts'
import type { Secret } from './security/secret.ts'

/** What flows are given. It is built once, in serve.ts and in the test harness. */
export interface Deps {
  readonly config: Config
  readonly db: Database
  /** The pool under `db`, for the statements in database/session-statements.ts and the queue. */
  readonly pool: Pool
  readonly clock: Clock
  readonly log: Logger
  readonly keys: KeyRing
  readonly passwords: Passwords
  /** Gives out the places that `passwords` needs for its work. */
  readonly hashingLane: HashingLane
  /** Requests with the same mailed link are hashed one after the other. */
  readonly turns: Turns
  /** The passwords that are being compared in this process, by what they count against. */
  readonly comparisons: WorkUnderWay
  /** Null if none is configured. */
  readonly breachList: BreachList | null
  readonly metrics: Metrics
}

const LONGEST_WAIT_FOR_A_PLACE_MS = 6_000
/** About as many as a core can serve in the longest wait at cost 12. Those behind them would wait in vain. */
const WAITING_PER_CORE = 30

export function createDeps(input: {
  config: Config
  databaseUrl: string
  secretKey: Secret
  log: Logger
  /** In tests: a clock other than the database's. */
  createClock?: (pool: Pool, log: Logger) => Clock
}): Deps {
  const { config, databaseUrl, secretKey, log, createClock = createDatabaseClock } = input
  const { db, pool } = openDatabase(databaseUrl, config, log)
  const clock = createClock(pool, log)
  const keys = createKeyRing(db, createSealer(secretKey, config.previousSecretKey), () => clock.now())
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
  const metrics = createMetrics(hashingLane, {
    readBacklog: () => readMailBacklog(pool, clock.now()),
    readOutcomes: () => readMailOutcomes(pool),
  })
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
  }
}

/** The same with database connections of their own, which lead to `databaseUrl`. Close their `db` and `pool` as well. */
export function withOwnDatabase(deps: Deps, databaseUrl: string): Deps {
  const { db, pool } = openDatabase(databaseUrl, deps.config, deps.log)
  return { ...deps, db, pool }
}

function openDatabase(databaseUrl: string, config: Config, log: Logger): { db: Database; pool: Pool } {
  return connect(databaseUrl, {
    poolSize: config.databasePoolSize,
    onIdleError: (error) => log.warn({ reason: error.message }, 'A database connection was lost'),
  })
}

/** Closes the connections to the database. */
export async function closeDeps(deps: Pick<Deps, 'db' | 'pool'>): Promise<void> {
  await deps.db.$disconnect()
  await deps.pool.end()
}
