import pg from 'pg'
import { DatabaseRefused } from './connection-errors.ts'
import type { DatabaseTarget } from './database-url.ts'

/** Limits of one session, in milliseconds; 0 is no limit. */
export interface SessionLimits {
  readonly statementMs: number
  readonly lockMs: number
  readonly idleInTransactionMs: number
}

/** Settings that decide how values are read and what a transaction sees. The code relies on each of them. */
const FORMS = {
  TimeZone: 'UTC',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  client_encoding: 'UTF8',
  standard_conforming_strings: 'on',
  transform_null_equals: 'off',
  array_nulls: 'on',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  row_security: 'on',
  // In seconds. Each end notices within about a minute that the other is gone. The default is two hours.
  tcp_keepalives_idle: '30',
  tcp_keepalives_interval: '10',
  tcp_keepalives_count: '3',
}

/** The settings that the code relies on in every session. */
export function sessionSettings(limits: SessionLimits): Record<string, string> {
  return {
    ...FORMS,
    statement_timeout: String(limits.statementMs),
    lock_timeout: String(limits.lockMs),
    idle_in_transaction_session_timeout: String(limits.idleInTransactionMs),
    // If a role or a database set these, they would end connections of the pool, or transactions that are within their
    // own limits.
    idle_session_timeout: '0',
    transaction_timeout: '0',
  }
}

export interface PreparedSession {
  /** The schema of the tables, which is the session's search path. */
  readonly schema: string
  readonly isReadOnly: boolean
}

/** What the operator wants of a session. */
type SessionTarget = Pick<DatabaseTarget, 'options' | 'schema'>

/**
 * Gives a new session the settings that the code relies on, even if the URL, the role or the database set others. They
 * are set by a statement, because PgBouncer refuses settings in the start-up message.
 *
 * @throws {DatabaseRefused} if no schema is named and the search path leads to none.
 */
export async function prepareSession(
  client: pg.ClientBase,
  target: SessionTarget,
  settings: Readonly<Record<string, string>>,
): Promise<PreparedSession> {
  if (target.options.length > 0) await setAll(client, target.options)
  await setAll(client, Object.entries(settings))
  return chooseSchema(client, target.schema, 'session')
}

export interface PreparedTransactions extends PreparedSession {
  /** The statements that give a transaction its settings. They have an effect until its end. */
  readonly settings: string
}

/**
 * Finds the settings that every transaction needs on a connection without a session of its own. Nothing is set for a
 * session: the pooler would lend that session to others.
 *
 * @throws {DatabaseRefused} if no schema is named and the search path leads to none.
 */
export async function prepareTransactions(
  client: pg.ClientBase,
  target: SessionTarget,
  settings: Readonly<Record<string, string>>,
): Promise<PreparedTransactions> {
  const wanted = { ...Object.fromEntries(target.options), ...settings }
  const { rows } = await client.query<{ name: string; value: string }>(
    KNOWN_SETTINGS,
    columnsOf(Object.entries(wanted)),
  )
  const prepared = await chooseSchema(client, target.schema, 'transaction')
  // SET takes no parameters. A name is one of ours, or has the form that database-url.ts demands of `options`.
  const statements = rows.map(({ name, value }) => `SET LOCAL ${name} TO ${pg.escapeLiteral(value)}`)
  statements.push(`SET LOCAL search_path TO ${pg.escapeIdentifier(prepared.schema)}, pg_temp`)
  return { ...prepared, settings: statements.join('; ') }
}

/** Leaves out a setting that this version of PostgreSQL does not know. */
const KNOWN_SETTINGS = `
  SELECT wanted.name, wanted.value FROM unnest($1::text[], $2::text[]) AS wanted (name, value)
  WHERE current_setting(wanted.name, true) IS NOT NULL OR strpos(wanted.name, '.') > 0`

const SET_ALL = `SELECT set_config(name, value, false) FROM (${KNOWN_SETTINGS}) AS known`

async function setAll(client: pg.ClientBase, settings: ReadonlyArray<readonly [string, string]>): Promise<void> {
  await client.query(SET_ALL, columnsOf(settings))
}

function columnsOf(settings: ReadonlyArray<readonly [string, string]>): [names: string[], values: string[]] {
  return [settings.map(([name]) => name), settings.map(([, value]) => value)]
}

async function chooseSchema(
  client: pg.ClientBase,
  named: string | null,
  scope: 'session' | 'transaction',
): Promise<PreparedSession> {
  const isLocal = scope === 'transaction'
  const { rows } = await client.query<{ schema: string | null; isReadOnly: boolean }>(CHOOSE_SCHEMA, [named, isLocal])
  const schema = rows[0]?.schema
  if (!schema) {
    throw new DatabaseRefused(
      'The search path of the database role leads to no schema: add ?schema=NAME to DATABASE_URL',
    )
  }
  return { schema, isReadOnly: rows[0]?.isReadOnly === true }
}

/**
 * If no schema is named, this chooses the first schema of the search path in which Latchkey is installed, so that the
 * owner of the tables and the role of the service find the same tables. Before the installation it chooses the schema
 * in which new tables are created. The search path is set for the session, or for this statement only.
 */
const CHOOSE_SCHEMA = `
  WITH chosen AS MATERIALIZED (
    SELECT coalesce($1::text, (
      SELECT found.schema FROM unnest(current_schemas(false)) WITH ORDINALITY AS found (schema, place)
      WHERE to_regclass(format('%I._prisma_migrations', found.schema)) IS NOT NULL
      ORDER BY found.place LIMIT 1
    ), current_schema()) AS schema
  )
  SELECT schema, set_config('search_path', quote_ident(schema) || ', pg_temp', $2::boolean),
         current_setting('transaction_read_only')::boolean AS "isReadOnly"
  FROM chosen`
