import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { migrate } from '../../src/database/migrate.ts'
import { startTestServer, type TestServer } from './test-server.ts'

declare global {
  /** How the setup hands over to the teardown; Jest runs both in one process, and the tests in others. */
  var testServer: (TestServer & { dropTemplate(): Promise<void> }) | undefined
}

/** Starts one server and migrates one template for the whole run; test-database.ts copies it. */
export default async function globalSetup(): Promise<void> {
  const server = await startTestServer()
  const template = `latchkey_template_${randomBytes(6).toString('hex')}`
  try {
    await onServer(server.url, `CREATE DATABASE ${template}`)
    const url = new URL(server.url)
    url.pathname = template
    await migrate(url.href)
  } catch (error) {
    await server.stop()
    throw error
  }
  process.env.LATCHKEY_TEST_SERVER = server.url
  process.env.LATCHKEY_TEST_TEMPLATE = template
  globalThis.testServer = {
    ...server,
    dropTemplate: () => onServer(server.url, `DROP DATABASE ${template} WITH (FORCE)`),
  }
}

async function onServer(url: string, statement: string): Promise<void> {
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  await admin.query(statement)
  await admin.end()
}
