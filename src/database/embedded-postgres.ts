import path from 'node:path'
import type pg from 'pg'
import { DATABASE_USER, prepareCluster, socketFolderOf } from './embedded-postgres/cluster.ts'
import { errorCode } from './embedded-postgres/run-as.ts'
import { enterServer, leaveServer, type Server } from './embedded-postgres/server.ts'

export interface EmbeddedPostgres {
  url: string
  /** Leaves the server, and stops it if nobody else uses it. Close every other connection first. */
  stop(): Promise<void>
}

interface EmbeddedPostgresOptions {
  dataDir: string
  log?: (line: string) => void
  /** Server settings that differ from ours; tests give up durability, for one. */
  settings?: Record<string, string>
}

/** It cannot run here; the message is one line for whoever started it. */
export class EmbeddedPostgresFailure extends Error {}

/** Nothing but the socket's place depends on the folder, so a newer Latchkey can change these for an old database. */
const SETTINGS = {
  listen_addresses: '', // no network at all
  port: '5432',
  unix_socket_permissions: '0700',
  shared_buffers: '32MB',
  max_connections: '50',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // A refused row is quoted in PostgreSQL's errors, with whatever it holds; the service reports its own errors.
  log_min_messages: 'log',
  log_checkpoints: 'off',
}

/**
 * Starts, or joins, the PostgreSQL of this data folder. The server is shared by every process that calls this for
 * the same folder, outlives them when they are killed, and is stopped by the last one to leave.
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
    // Beside the cluster and not in it: there, PostgreSQL's user could swap it for a link that root then writes to.
    logFile: path.resolve(options.dataDir, 'postgres.log'),
    settings: { ...SETTINGS, ...options.settings, unix_socket_directories: socketFolder },
    maintenanceUrl: urlOf('postgres', socketFolder),
  }
  const presence = await enterServer(server)
  let isLeaving = false
  presence.on('error', (error) => {
    if (!isLeaving) log(`The embedded PostgreSQL went away: ${error.message}`)
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

/** Port and SSL are spelled out because the driver would otherwise take them from PGPORT and PGSSLMODE. */
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
