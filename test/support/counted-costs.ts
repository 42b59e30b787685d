import bcrypt from 'bcrypt'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../src/database/embedded-postgres.ts'
import { migrate } from '../../src/database/migrate.ts'
import { statementsOf } from './counted-statements.ts'
import { temporaryDataDir } from './embedded-server.ts'
import { copyKeptCluster, TEMPLATE } from './kept-cluster.ts'

/** What a piece of work has cost. Each figure is a count, so it is the same on a slow machine. */
export interface Cost {
  /** Statements sent, BEGIN and COMMIT included. Each costs a round trip to the database. */
  readonly statements: number
  /** Transactions that wrote something. Each waits for the disk when it commits. */
  readonly commits: number
  /** What the database has added to its write-ahead log, which is also what a standby and a backup receive. */
  readonly walBytes: number
  /** Passwords hashed or compared. Each keeps a core busy for as long as BCRYPT_COST says. */
  readonly hashes: number
}

export interface MeasuredPostgres {
  readonly url: string
  costOf(work: () => Promise<unknown>): Promise<Cost>
  discard(): Promise<void>
}

/** Nothing but the statements of the test writes to the write-ahead log. Without this, a checkpoint would add whole pages. */
const QUIET = { fsync: 'off', full_page_writes: 'off', wal_level: 'minimal', max_wal_senders: '0', autovacuum: 'off' }

/** A migrated server for one test file: a write-ahead log belongs to a whole server, and other tests use the common one. */
export async function measuredPostgres(): Promise<MeasuredPostgres> {
  const { dataDir, discard } = await temporaryDataDir()
  const isMigrated = await copyKeptCluster(dataDir)
  const server = await startEmbeddedPostgres({ dataDir, settings: QUIET })
  const url = new URL(server.url)
  if (isMigrated) url.pathname = TEMPLATE
  else await migrate(url.href)
  const meter = new pg.Client({ connectionString: url.href })
  await meter.connect()

  async function written(): Promise<{ transactions: number; bytes: number }> {
    const { rows } = await meter.query(
      `SELECT pg_snapshot_xmax(pg_current_snapshot())::text::float8 AS transactions,
              (pg_current_wal_insert_lsn() - '0/0')::float8 AS bytes`,
    )
    return rows[0]
  }

  return {
    url: url.href,
    async costOf(work) {
      const before = await written()
      let hashes = 0
      const statements = await statementsOf(async () => {
        hashes = await hashesOf(work)
      })
      const after = await written()
      return {
        statements: statements.length,
        commits: after.transactions - before.transactions,
        walBytes: after.bytes - before.bytes,
        hashes,
      }
    },
    async discard() {
      await meter.end()
      await server.stop()
      await discard()
    },
  }
}

/** How many times this process uses bcrypt while `work` runs. */
async function hashesOf(work: () => Promise<unknown>): Promise<number> {
  const { hash, compare } = bcrypt
  let count = 0
  const counted =
    <Given extends unknown[], Result>(call: (...given: Given) => Result) =>
    (...given: Given): Result => {
      count += 1
      return call(...given)
    }
  Object.assign(bcrypt, { hash: counted(hash), compare: counted(compare) })
  try {
    await work()
  } finally {
    Object.assign(bcrypt, { hash, compare })
  }
  return count
}
