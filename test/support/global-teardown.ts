export default async function globalTeardown(): Promise<void> {
  await globalThis.testServer?.dropTemplate() // the server may be somebody's own
  await globalThis.testServer?.stop()
}
