import { readFile } from 'node:fs/promises'
import { startEmbeddedPostgres } from '../../src/database/embedded-postgres.ts'
import { migrate } from '../../src/database/migrate.ts'
import { postmasterPid, temporaryDataDir } from './embedded-server.ts'

export interface StoppablePostgres {
  readonly url: string
  /** Every connection breaks and new ones are refused, as during a restart of the server. */
  stop(): Promise<void>
  start(): Promise<void>
  /** Connections stay open but nothing is answered, as when the server's disk or network hangs. */
  freeze(): Promise<void>
  thaw(): Promise<void>
  discard(): Promise<void>
}

/** A real, migrated PostgreSQL for one test, which can be stopped while the service uses it. */
export async function stoppablePostgres(): Promise<StoppablePostgres> {
  const { dataDir, discard } = await temporaryDataDir()
  const settings = { fsync: 'off', max_connections: '100' }
  const server = await startEmbeddedPostgres({ dataDir, settings })
  await migrate(server.url)
  let isFrozen = false

  async function signalAll(name: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const pid = await postmasterPid(dataDir)
    if (!pid) throw new Error('the server is not running')
    for (const each of [pid, ...(await childrenOf(pid))]) process.kill(each, name)
    isFrozen = name === 'SIGSTOP'
  }

  return {
    url: server.url,
    async stop() {
      const pid = await postmasterPid(dataDir)
      if (pid) process.kill(pid, 'SIGINT')
      while (await postmasterPid(dataDir)) await new Promise((resolve) => setTimeout(resolve, 20))
    },
    async start() {
      await startEmbeddedPostgres({ dataDir, settings })
    },
    freeze: () => signalAll('SIGSTOP'),
    thaw: () => signalAll('SIGCONT'),
    async discard() {
      if (isFrozen) await signalAll('SIGCONT')
      await discard()
    },
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children.trim().split(' ').map(Number)
}
