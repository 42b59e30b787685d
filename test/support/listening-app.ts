import { freePort } from './free-port.ts'
import { startTestApp, type TestApp } from './test-app.ts'

/** The service on a real port, whose PUBLIC_URL is the URL of that port, for clients by other authors. */
export async function startListeningApp(
  options: { env?: Record<string, string>; databaseUrl?: string } = {},
): Promise<TestApp & { url: string }> {
  const port = await freePort()
  const url = options.env?.['PUBLIC_URL'] ?? `http://127.0.0.1:${port}`
  const app = await startTestApp({ ...options, env: { PUBLIC_URL: url, ...options.env } })
  await app.app.listen({ host: '127.0.0.1', port })
  return { ...app, url: `http://127.0.0.1:${port}` }
}
