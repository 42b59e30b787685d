import { DatabaseRefused } from './connection/connection-errors.ts'
import type { DatabasePool } from './connection/database-pool.ts'
import { migrationStatus } from './migrate.ts'
import { MigrationRefused } from './migrations/lock-waits.ts'
import { QUEUE } from './migrations/migration-status.ts'

/**
 * Makes sure that the database holds the tables that this version needs.
 *
 * @param options.needsSessions Whether a pooler in transaction mode is refused, because the worker cannot use it.
 * @throws {MigrationRefused} if a migration is missing. The operator applies it with `latchkey migrate`.
 * @throws {DatabaseRefused} if the URL leads through a pooler whose mode is not supported.
 */
export async function assertMigrated(databaseUrl: string, options: { readonly needsSessions: boolean }): Promise<void> {
  const { pending, failed } = await migrationStatus(databaseUrl, options)
  if (failed.length > 0) {
    throw new MigrationRefused(`Migration ${failed[0]} has failed. See "latchkey migrate status".`)
  }
  if (pending.length > 0) {
    throw new MigrationRefused(`The database lacks ${pending.length} migration(s). Run "latchkey migrate" first.`)
  }
}

/**
 * Makes sure that the database role has the privileges that the service needs.
 *
 * @throws {DatabaseRefused} if a privilege or a policy is missing. The message names it.
 */
export async function assertGranted(pool: DatabasePool): Promise<void> {
  const { rows } = await pool.query<{ role: string; missing: string }>(MISSING_GRANTS, [QUEUE])
  const [first] = rows
  if (!first) return
  const others = rows.length > 1 ? ` (and ${rows.length - 1} more)` : ''
  throw new DatabaseRefused(
    `The database role "${first.role}" lacks ${first.missing}${others}. Run "latchkey migrate --grant ${first.role}" as the owner of the tables.`,
  )
}

/** Without a policy, a table with row security looks empty to a role that does not own it. */
const MISSING_GRANTS = `
  WITH tables AS (
    SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, n.nspname AS schema, c.relname AS relation
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname IN (current_schema(), $1) AND c.relname <> '_prisma_migrations'
  )
  SELECT current_user AS role, format('the privilege %s on %s', privilege, name) AS missing
  FROM tables, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
  WHERE NOT has_table_privilege(oid, privilege)
  UNION ALL
  SELECT current_user, format('a row security policy on %s', name)
  FROM tables
  WHERE row_security_active(oid) AND NOT EXISTS (
    SELECT FROM pg_policies p WHERE p.schemaname = tables.schema AND p.tablename = relation
      AND ('public' = ANY (p.roles) OR EXISTS (
        SELECT FROM unnest(p.roles) AS granted WHERE granted <> 'public' AND pg_has_role(granted, 'MEMBER'))))
  ORDER BY missing`
