import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.ts'

const ROOT = path.join(import.meta.dirname, '../..')

/** Longer than a build takes. A process that holds the lock for longer was killed. */
const OLDEST_LOCK_MS = 120_000

/** Builds what `bin/latchkey.cjs` runs, once for all test files that need it at the same time. */
export async function buildService(): Promise<void> {
  const lock = path.join(tmpdir(), `latchkey-build-${createHash('sha256').update(ROOT).digest('hex').slice(0, 12)}`)
  while (!(await take(lock))) await sleep(100)
  try {
    if (await isStale()) {
      const compiler = path.join(ROOT, 'node_modules/typescript/bin/tsc')
      execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: ROOT, stdio: 'inherit' })
    }
  } finally {
    await rm(lock, { recursive: true, force: true })
  }
}

async function take(lock: string): Promise<boolean> {
  const age = await stat(lock).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  )
  if (age > OLDEST_LOCK_MS) await rm(lock, { recursive: true, force: true })
  return mkdir(lock).then(
    () => true,
    () => false,
  )
}

async function isStale(): Promise<boolean> {
  const modified = (name: string) =>
    stat(path.join(ROOT, name)).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    )
  const built = await modified('dist/main.js')
  const sources = (await readdir(path.join(ROOT, 'src'), { recursive: true })).filter((name) => name.endsWith('.ts'))
  const inputs = [...sources.map((name) => path.join('src', name)), 'prisma/schema.prisma', 'package.json']
  const times = await Promise.all(inputs.map(modified))
  return times.some((time) => time > built)
}

export interface ServiceProcess {
  readonly url: string
  /** The log of all starts. */
  readonly log: string[]
  start(): Promise<void>
  /** As `start`, without waiting until it is ready. */
  launch(): ChildProcess
  /** SIGKILL, as the kernel does when memory runs out, so that the process cannot clean up. */
  kill(): Promise<void>
  /** SIGTERM; returns the exit code, and the time until the process ended. */
  terminate(): Promise<{ code: number | null; ms: number }>
}

/** The real service in a process of its own, started as a user starts it, on the same port each time. */
export async function serviceProcess(env: Record<string, string>): Promise<ServiceProcess> {
  await buildService()
  const port = String(await freePort())
  const log: string[] = []
  let running: ChildProcess | undefined

  function launch(): ChildProcess {
    running = spawn(process.execPath, [path.join(ROOT, 'bin/latchkey.cjs'), 'serve'], {
      cwd: tmpdir(),
      env: { PATH: process.env.PATH ?? '', HOST: '127.0.0.1', PORT: port, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [running.stdout, running.stderr]) stream?.on('data', (chunk) => log.push(String(chunk)))
    return running
  }

  async function ended(child: ChildProcess): Promise<number | null> {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    return child.exitCode
  }

  const url = `http://127.0.0.1:${port}`
  const isReady = () =>
    fetch(`${url}/health/ready`).then(
      ({ status }) => status === 200,
      () => false,
    )

  return {
    url,
    log,
    launch,
    async start() {
      const child = launch()
      while (!(await isReady())) {
        if (child.exitCode !== null) throw new Error(`the service did not start: ${log.slice(-20).join('')}`)
        await sleep(25)
      }
    },
    async kill() {
      running?.kill('SIGKILL')
      if (running) await ended(running)
    },
    async terminate() {
      if (!running) throw new Error('the service is not running')
      const began = performance.now()
      running.kill('SIGTERM')
      const code = await ended(running)
      return { code, ms: performance.now() - began }
    },
  }
}
