import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { chromium } from 'playwright-core'
import { startExample } from '../../server/start-example.js'

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
if (!existsSync(executablePath)) {
  process.stdout.write(
    `The browser tests are skipped: ${executablePath} does not exist. Install Chromium or set CHROMIUM.\n`,
  )
  process.exit(0)
}

const dataFolder = await mkdtemp(join(tmpdir(), 'latchkey-example-'))
/** The service, the pages and the inbox, which all tests share. Each test has people of its own. */
export const example = await startExample({
  dataFolder,
  pagesPort: 0,
  servicePort: 0,
  settings: { BCRYPT_COST: '10', LOG_LEVEL: 'warn' },
})
const browser = await chromium.launch({
  executablePath,
  // As root, Chromium has no sandbox. The others keep it from connecting to anything but the pages.
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-sync',
    '--disable-component-update',
  ],
})

after(async () => {
  await browser.close()
  await example.stop()
  await rm(dataFolder, { recursive: true, force: true })
})

/**
 * Opens a device: a browser profile of its own. When the test ends, it is closed, and no script may have failed or been
 * stopped by the Content-Security-Policy.
 *
 * @param {import('node:test').TestContext} test
 * @param {import('playwright-core').BrowserContextOptions} [options]
 */
export async function openDevice(test, options = {}) {
  const device = await browser.newContext({ baseURL: example.url, viewport: { width: 1280, height: 800 }, ...options })
  device.setDefaultTimeout(20_000)
  /** @type {string[]} */
  const faults = []
  device.on('weberror', ({ error }) => void faults.push(error().message))
  device.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) faults.push(message.text())
  })
  test.after(async () => {
    await device.close()
    if (faults.length > 0) throw new Error(`A page had faults: ${faults.join('; ')}`)
  })
  return device
}
