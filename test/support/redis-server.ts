import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { freePort } from './free-port.ts'

export interface RedisServer {
  readonly url: string
  start(): Promise<void>
  kill(): Promise<void>
}

/** Whether Debian's redis-server is installed. Without it, its tests are skipped with a message. */
export function hasRedisServer(): boolean {
  try {
    execFileSync('redis-server', ['--version'])
    return true
  } catch {
    return false
  }
}

/** A real Redis on its own port, which can be killed and started again. */
export async function redisServer(): Promise<RedisServer> {
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  let running: ChildProcess | undefined
  return {
    url,
    async start() {
      running = spawn('redis-server', [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
      ])
      await untilItAnswers(url)
    },
    async kill() {
      running?.kill('SIGKILL')
      if (running?.exitCode === null && running.signalCode === null) await once(running, 'exit')
    },
  }
}

async function untilItAnswers(url: string): Promise<void> {
  for (;;) {
    const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
    redis.on('error', () => undefined)
    const pong = await redis.connect().then(
      () => redis.ping(),
      () => null,
    )
    redis.disconnect()
    if (pong) return
    await sleep(20)
  }
}
