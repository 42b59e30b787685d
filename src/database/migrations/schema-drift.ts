import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { PRISMA_FOLDER } from './migration-files.ts'
import { withSchemaEngine } from './schema-engine.ts'

/**
 * Returns the SQL that would change the database into the one that prisma/schema.prisma describes; '' if they agree.
 */
export async function schemaDrift(databaseUrl: string): Promise<string> {
  const schema = new URL('schema.prisma', PRISMA_FOLDER)
  const files = [{ path: fileURLToPath(schema), content: await readFile(schema, 'utf8') }]
  const { stdout } = await withSchemaEngine(databaseUrl, (engine) =>
    engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: fileURLToPath(PRISMA_FOLDER) },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    }),
  )
  return (stdout ?? '').replace('-- This is an empty migration.', '').trim()
}
