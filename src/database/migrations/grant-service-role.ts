import pg from 'pg'
import { QUEUE } from './migration-status.ts'

/** The role cannot be granted what it needs. The message is one line for the operator. */
export class GrantRefused extends Error {}

const INSUFFICIENT_PRIVILEGE = '42501'

/**
 * Grants a role what the service needs to run without owning the tables. Run it again after each migration. Existing
 * grants stay.
 *
 * @throws {GrantRefused} if the role does not exist, or the tables belong to another role.
 */
export async function grantServiceRole(client: pg.ClientBase, role: string): Promise<void> {
  const { rows } = await client.query<{ exists: boolean; schema: string | null }>(
    'SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS exists, current_schema() AS schema',
    [role],
  )
  if (!rows[0]?.exists) throw new GrantRefused(`The role ${JSON.stringify(role)} does not exist. Create it first.`)
  const grantee = pg.escapeIdentifier(role)
  await client.query('BEGIN')
  try {
    for (const schema of [rows[0].schema ?? 'public', QUEUE])
      await client.query(grantsIn(pg.escapeIdentifier(schema), grantee))
    // The service reads which migrations were applied; only their owner records them.
    await client.query(`REVOKE INSERT, UPDATE, DELETE ON _prisma_migrations FROM ${grantee}`)
    await admitToQueue(client, role)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    if (!(error instanceof pg.DatabaseError) || error.code !== INSUFFICIENT_PRIVILEGE) throw error
    throw new GrantRefused(`Cannot grant privileges to ${role}: ${error.message}. Run this as the owner of the tables.`)
  }
}

function grantsIn(schema: string, grantee: string): string {
  const grants = [
    ['SELECT, INSERT, UPDATE, DELETE', 'TABLES'],
    ['USAGE, SELECT', 'SEQUENCES'],
    ['EXECUTE', 'FUNCTIONS'],
  ]
  return [
    `GRANT USAGE ON SCHEMA ${schema} TO ${grantee}`,
    ...grants.flatMap(([privileges, objects]) => [
      `GRANT ${privileges} ON ALL ${objects} IN SCHEMA ${schema} TO ${grantee}`,
      // This covers the objects that later migrations create.
      `ALTER DEFAULT PRIVILEGES IN SCHEMA ${schema} GRANT ${privileges} ON ${objects} TO ${grantee}`,
    ]),
  ].join('; ')
}

/** graphile-worker protects its tables by row security: without a policy, a role that is not the owner sees no job. */
async function admitToQueue(client: pg.ClientBase, role: string): Promise<void> {
  const { rows } = await client.query<{ table: string }>(
    `SELECT c.relname AS table FROM pg_class c
     WHERE c.relnamespace = to_regnamespace($1::text) AND c.relkind = 'r' AND c.relrowsecurity
       AND NOT EXISTS (SELECT FROM pg_policies p WHERE p.schemaname = $1::text AND p.tablename = c.relname
                                                   AND $2::text = ANY (p.roles))`,
    [QUEUE, role],
  )
  const policy = pg.escapeIdentifier(`latchkey service ${role}`.slice(0, MAX_IDENTIFIER_BYTES))
  for (const { table } of rows) {
    await client.query(
      `CREATE POLICY ${policy} ON ${QUEUE}.${pg.escapeIdentifier(table)} TO ${pg.escapeIdentifier(role)}
       USING (true) WITH CHECK (true)`,
    )
  }
}

const MAX_IDENTIFIER_BYTES = 63
