// Runs the service as `npm start` does, in a separate process on an embedded database, for the other files of this folder.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

export const BIN = path.join(import.meta.dirname, '../bin/latchkey.cjs')

/** Calls `use` when the service is ready; afterwards stops the service and removes its data. */
export async function withService(settings, use) {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'latchkey-bench-'))
  await chmod(dataDir, 0o711) // as root, PostgreSQL's own user has to pass
  const port = await freePort()
  const env = {
    PATH: process.env.PATH ?? '',
    DATA_DIR: dataDir,
    HOST: '127.0.0.1',
    PORT: String(port),
    LOG_LEVEL: 'warn',
    RATE_LIMIT_FACTOR: '0',
    TRUST_PROXY: '127.0.0.1',
    ...settings,
  }
  const child = spawn(process.execPath, [BIN, 'serve'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill('SIGTERM')) // which also ends this process
  try {
    const service = new Service(`http://127.0.0.1:${port}`, dataDir, env, child.pid)
    await service.ready()
    await use(service)
  } finally {
    if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit')
    await rm(dataDir, { recursive: true, force: true })
  }
}

class Service {
  constructor(url, dataDir, env, pid) {
    Object.assign(this, { url, dataDir, env, pid })
  }

  async ready() {
    for (let attempt = 0; attempt < 1200; attempt += 1) {
      const answer = await fetch(`${this.url}/health/ready`).catch(() => null)
      if (answer?.ok) return
      await wait(100)
    }
    throw new Error('the service did not come up')
  }

  post(route, body, headers = {}) {
    const json = { 'content-type': 'application/json' }
    return fetch(this.url + route, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) })
  }

  /** Registers a person and opens the link in the mail. */
  async openAccounts(emails, password) {
    for (const email of emails) await this.post('/v1/register', { email, password })
    const opened = new Set()
    while (opened.size < emails.length) {
      await wait(200)
      const names = await readdir(path.join(this.dataDir, 'mail')).catch(() => [])
      for (const name of names.filter((file) => file.endsWith('.json') && !opened.has(file))) {
        const { link } = JSON.parse(await readFile(path.join(this.dataDir, 'mail', name), 'utf8'))
        await this.post('/v1/email/verify', { token: link.split('#token=')[1] })
        opened.add(name)
      }
    }
  }

  async logIn(email, password) {
    return (await this.post('/v1/login', { email, password })).json()
  }
}

/** The memory of a process. */
export async function residentMegabytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round((Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1.024) / 1000)
}

/** The processor seconds that a process and its descendants have used so far, its database included. */
export async function processorSeconds(pid) {
  const processes = new Map()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    const [, parent, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // utime, stime and the same of the children that have ended, in hundredths of a second (proc(5))
    const ticks = [11, 12, 13, 14].reduce((sum, field) => sum + Number(rest[field - 2] ?? 0), 0)
    if (parent !== undefined) processes.set(Number(name), { parent: Number(parent), ticks })
  }
  const isWithin = (id) => id === pid || (processes.has(id) && isWithin(processes.get(id).parent))
  const within = [...processes].filter(([id]) => isWithin(id))
  return within.reduce((sum, [, { ticks }]) => sum + ticks, 0) / 100
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address ? address.port : 0
}
