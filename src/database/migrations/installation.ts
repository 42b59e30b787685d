import type pg from 'pg'
import { MigrationRefused } from './lock-waits.ts'

/**
 * Makes sure that no other schema of the database contains an installation of Latchkey. The job queue has one schema
 * for the whole database, so two installations would take each other's jobs and send each other's mails.
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
    `Latchkey is already installed in the schema "${other.schema}" of this database, but DATABASE_URL leads to the schema "${other.own}". Add ?schema=${other.schema} to DATABASE_URL to use that installation. A second installation needs another database.`,
  )
}

/** Creates the schema that the URL names if it does not exist. */
export async function createSchema(client: pg.ClientBase, schema: string): Promise<void> {
  const { rows } = await client.query<{ exists: boolean }>(
    'SELECT to_regnamespace(quote_ident($1)) IS NOT NULL AS exists',
    [schema],
  )
  if (!rows[0]?.exists) await client.query(`CREATE SCHEMA IF NOT EXISTS "${schema.replaceAll('"', '""')}"`)
}
