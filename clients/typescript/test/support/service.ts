import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))

export interface Service {
  readonly url: string
  /** The token in the newest link of this kind of mail to an address; waits for the mail. */
  linkToken(kind: string, email: string): Promise<string>
  stop(): Promise<void>
}

/** The real service of this checkout with an empty database of its own, as `npm start` runs it. */
export async function startService(settings: Record<string, string> = {}): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-client-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(process.execPath, [join(ROOT, 'bin/latchkey.cjs'), 'serve'], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      NODE_ENV: 'development',
      PORT: String(port),
      DATA_DIR: join(folder, 'data'),
      BCRYPT_COST: '10',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => log.push(String(chunk)))
  const ended = once(child, 'exit')

  while (!(await isReady(url))) {
    if (child.exitCode !== null) throw new Error(`the service did not start: ${log.slice(-20).join('')}`)
    await sleep(50)
  }

  const seen = new Set<string>()
  return {
    url,
    async linkToken(kind, email) {
      const directory = join(folder, 'data/mail')
      for (;;) {
        const names = await readdir(directory).catch(() => [])
        for (const name of names.filter((name) => name.endsWith('.json') && !seen.has(name)).sort()) {
          const mail = JSON.parse(await readFile(join(directory, name), 'utf8'))
          if (mail.kind !== kind || mail.to !== email) continue
          seen.add(name)
          return new URLSearchParams(new URL(mail.link).hash.slice(1)).get('token') ?? ''
        }
        if (child.exitCode !== null) throw new Error(`the service ended: ${log.slice(-20).join('')}`)
        await sleep(50)
      }
    },
    async stop() {
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/health/ready`).then(
    ({ status }) => status === 200,
    () => false,
  )
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
