import path from 'node:path'
import type pg from 'pg'
import { DATABASE_USER, prepareCluster, socketFolderOf } from './embedded-postgres/cluster.ts'
import { errorCode } from './embedded-postgres/run-as.ts'
import { enterServer, leaveServer, type Server } from './embedded-postgres/server.ts'

export interface EmbeddedPostgres {
  url: string
  /** Stops the server if no other process uses it. Close every other connection first. */
  stop(): Promise<void>
}

interface EmbeddedPostgresOptions {
  dataDir: string
  log?: (line: string) => void
  /** Server settings that replace SETTINGS. Tests turn durability off, for example. */
  settings?: Record<string, string>
}

/** The embedded PostgreSQL cannot run here. The message is one line for the operator. */
export class EmbeddedPostgresFailure extends Error {}

/**
 * These settings are not stored in the data folder, so a newer version of Latchkey can change them for an existing
 * database.
 */
const SETTINGS = {
  listen_addresses: '', // no network at all
  port: '5432',
  unix_socket_permissions: '0700',
  shared_buffers: '32MB',
  max_connections: '50',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // PostgreSQL's errors quote the values of a refused row, which may be secret. The service logs its own errors.
  log_min_messages: 'log',
  log_checkpoints: 'off',
}

/**
 * Starts the PostgreSQL server of this data folder, or connects to it if it is running. All processes that use the
 * folder share the server. It continues to run if they are killed, and the last process that calls `stop` stops it.
 *
 * @throws {EmbeddedPostgresFailure}
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  try {
    return await enter(options)
  } catch (error) {
    throw new EmbeddedPostgresFailure(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

async function enter(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => undefined)
  const cluster = await prepareCluster(options.dataDir, log)
  const socketFolder = socketFolderOf(cluster.folder)
  const server: Server = {
    cluster,
    // The log is not in the cluster's folder. There, PostgreSQL's user could replace it with a link that root would
    // then follow.
    logFile: path.resolve(options.dataDir, 'postgres.log'),
    settings: { ...SETTINGS, ...options.settings, unix_socket_directories: socketFolder },
    maintenanceUrl: urlOf('postgres', socketFolder),
  }
  const presence = await enterServer(server)
  let isLeaving = false
  presence.on('error', (error) => {
    if (!isLeaving) log(`The connection to the embedded PostgreSQL was lost: ${error.message}`)
  })
  await createDatabase(presence)
  return {
    url: urlOf(DATABASE_NAME, socketFolder),
    async stop() {
      if (isLeaving) return
      isLeaving = true
      await leaveServer(server, presence)
    },
  }
}

const DATABASE_NAME = 'latchkey'

/** The URL contains the port and the SSL mode. Otherwise the driver would take them from PGPORT and PGSSLMODE. */
function urlOf(database: string, socketFolder: string): string {
  return `postgresql://${DATABASE_USER}@localhost:${SETTINGS.port}/${database}?host=${socketFolder}&sslmode=disable`
}

async function createDatabase(client: pg.Client): Promise<void> {
  const found = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE_NAME])
  if (found.rowCount) return
  try {
    await client.query(`CREATE DATABASE ${DATABASE_NAME}`)
  } catch (error) {
    // Another process created it in between.
    if (!['42P04', '23505'].includes(errorCode(error) ?? '')) throw error
  }
}
