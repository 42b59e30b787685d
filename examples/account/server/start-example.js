import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { build, preview } from 'vite'

const account = fileURLToPath(new URL('..', import.meta.url))
const latchkey = join(account, '../../bin/latchkey.cjs')

/**
 * Starts the service with a database and a mail folder of its own, builds the pages and serves them. If a port is in use,
 * another one is taken.
 *
 * @param {object} options
 * @param {string} options.dataFolder for the database, the mails and the log of the service
 * @param {number} options.pagesPort
 * @param {number} options.servicePort
 * @param {Record<string, string>} [options.settings] further settings of the service
 */
export async function startExample({ dataFolder, pagesPort, servicePort, settings = {} }) {
  const pages = `http://localhost:${await freePort(pagesPort)}`
  const service = `http://127.0.0.1:${await freePort(servicePort)}`
  const stopService = await startService({ dataFolder, pages, service, settings })
  // vite.config.ts reads these.
  Object.assign(process.env, {
    NODE_ENV: 'production',
    VITE_LATCHKEY_URL: service,
    PAGES_PORT: new URL(pages).port,
    MAIL_FOLDER: join(dataFolder, 'mail'),
  })
  const outDir = join(dataFolder, 'pages')
  await build({ root: account, logLevel: 'warn', build: { outDir, emptyOutDir: true } })
  const server = await preview({ root: account, logLevel: 'warn', build: { outDir } })
  return {
    url: pages,
    service,
    stop: async () => {
      await Promise.all([server.close(), stopService()])
    },
  }
}

/** @param {{dataFolder: string, pages: string, service: string, settings: Record<string, string>}} options */
async function startService({ dataFolder, pages, service, settings }) {
  mkdirSync(dataFolder, { recursive: true })
  const logPath = join(dataFolder, 'service.log')
  const log = openSync(logPath, 'w')
  const { PATH, HOME, TMPDIR } = process.env
  const child = spawn(process.execPath, [latchkey, 'serve'], {
    stdio: ['ignore', log, log],
    detached: true, // Ctrl+C reaches only this process, which then stops the service in order
    // Settings of another Latchkey, such as DATABASE_URL, must not get into the example.
    env: {
      PATH,
      HOME,
      TMPDIR,
      NODE_ENV: 'development',
      HOST: new URL(service).hostname,
      PORT: new URL(service).port,
      DATA_DIR: dataFolder,
      PRODUCT_NAME: 'Juniper',
      MAIL_FROM: 'Juniper <support@juniper.example>',
      SUPPORT_CONTACT: 'support@juniper.example',
      // The service allows the origin of these pages (CORS) by itself, because it is in development.
      LINK_VERIFY_EMAIL: `${pages}/verify-email#token={token}`,
      LINK_RESET_PASSWORD: `${pages}/reset-password#token={token}`,
      LINK_CONFIRM_EMAIL: `${pages}/confirm-email#token={token}`,
      LINK_REVERT_EMAIL: `${pages}/revert-email#token={token}`,
      ...settings,
    },
  })
  const ended = once(child, 'exit')
  process.once('exit', () => child.kill('SIGINT')) // if the build of the pages fails, for example
  const isReady = () =>
    fetch(`${service}/health/ready`).then(
      (answer) => answer.ok,
      () => false,
    )
  while (!(await isReady())) {
    if (child.exitCode !== null) throw new Error(`The service did not start:\n${readFileSync(logPath, 'utf8')}`)
    await wait(100)
  }
  return async () => {
    child.kill('SIGINT')
    await ended
  }
}

/** @param {number} wanted */
async function freePort(wanted) {
  for (const port of [wanted, 0]) {
    const server = createServer().listen(port, '127.0.0.1')
    const isFree = await Promise.race([
      once(server, 'listening').then(() => true),
      once(server, 'error').then(() => false),
    ])
    if (!isFree) continue
    const address = server.address()
    await new Promise((resolve) => server.close(resolve))
    if (address !== null && typeof address === 'object') return address.port
  }
  throw new Error(`There is no free port near ${wanted}.`)
}
