// Mutation testing: `npm run mutation [AREA...]`. Each area of the rules is tested with the tests that are about it, and not
// with all of them: a mutant that only a distant test notices is one that nobody would look for there. All areas together
// take hours, and each mutant some seconds. In areas.json `*` stands for a part of a name and `**` for folders.
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Stryker } from '@stryker-mutator/core'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../dist/database/embedded-postgres.js'
import { migrate } from '../../dist/database/migrate.js'

const areas = JSON.parse(await readFile(new URL('areas.json', import.meta.url), 'utf8'))
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(areas)
for (const area of wanted) {
  if (!Object.hasOwn(areas, area)) throw new Error(`There is no area named ${area}: ${Object.keys(areas).join(', ')}`)
}

await withTemplate(async () => {
  for (const area of wanted) {
    const { sources, tests } = areas[area]
    await new Stryker({
      mutate: sources.map((name) => `src/${name}.ts`),
      jest: {
        config: {
          testMatch: tests.map((name) => `<rootDir>/test/${name}.test.ts`),
          globalSetup: null,
          globalTeardown: null,
        },
      },
      jsonReporter: { fileName: `reports/mutation/${area}.json` },
    }).runMutationTest()
  }
})

/** Starts one server with one template for all mutants. test/support/global-setup.ts would start one for each of them. */
async function withTemplate(use) {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'latchkey-mutation-'))
  await chmod(dataDir, 0o711) // as root, PostgreSQL's own user has to pass
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' }
  const server = await startEmbeddedPostgres({ dataDir, settings })
  try {
    const template = new URL(server.url)
    template.pathname = 'latchkey_template'
    const admin = new pg.Client({ connectionString: server.url })
    await admin.connect()
    await admin.query('CREATE DATABASE latchkey_template')
    await admin.end()
    await migrate(template.href)
    Object.assign(process.env, { LATCHKEY_TEST_SERVER: server.url, LATCHKEY_TEST_TEMPLATE: 'latchkey_template' })
    await use()
  } finally {
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}
