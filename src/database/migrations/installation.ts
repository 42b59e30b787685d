import type pg from 'pg'
import { MigrationRefused } from './lock-waits.ts'

/**
 * Makes sure that no other schema of the database holds a Latchkey: the job queue has one schema for the whole database,
 * so that each of two installations would take jobs, and with them mails, of the other.
 *
 * @throws {MigrationRefused}
 */
export async function assertOnlyInstallation(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ schema: string; own: string }>(
    `SELECT n.nspname AS schema, current_schema() AS own FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relname = 'mailed_tokens' AND c.relkind = 'r' AND n.nspname IS DISTINCT FROM current_schema()
       AND EXISTS (SELECT FROM pg_class m WHERE m.relname = '_prisma_migrations' AND m.relnamespace = n.oid)`,
  )
  const [other] = rows
  if (!other) return
  throw new MigrationRefused(
    `This database already holds a Latchkey in the schema "${other.schema}", and DATABASE_URL leads to "${other.own}". Add ?schema=${other.schema} to DATABASE_URL to use that one; a second installation needs a database of its own.`,
  )
}

/** Creates the schema that the URL names, where it is missing. */
export async function createSchema(client: pg.ClientBase, schema: string): Promise<void> {
  const { rows } = await client.query<{ exists: boolean }>(
    'SELECT to_regnamespace(quote_ident($1)) IS NOT NULL AS exists',
    [schema],
  )
  if (!rows[0]?.exists) await client.query(`CREATE SCHEMA IF NOT EXISTS "${schema.replaceAll('"', '""')}"`)
}
