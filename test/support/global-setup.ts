import { startTestServer, type TestServer } from './test-server.ts'

declare global {
  /** From the setup to the teardown. Jest runs both in one process, and the tests in others. */
  var testServer: TestServer | undefined
}

/** Starts one server with one migrated template for the whole run; test-database.ts copies the template. */
export default async function globalSetup(): Promise<void> {
  const server = await startTestServer()
  process.env.LATCHKEY_TEST_SERVER = server.url
  process.env.LATCHKEY_TEST_TEMPLATE = server.template
  globalThis.testServer = server
}
