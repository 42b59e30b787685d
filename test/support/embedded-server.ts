import { readFile, realpath, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { socketFolderOf } from '../../src/database/embedded-postgres/cluster.ts'
import { dataFolders, temporaryFolder } from './temporary-folders.ts'

/** A data folder for one test. `discard` removes it with its server, in whatever state the server is. */
export async function temporaryDataDir(parent?: string): Promise<{ dataDir: string; discard(): Promise<void> }> {
  const folder = parent ?? (await temporaryFolder('latchkey-test-data-', await dataFolders()))
  const dataDir = path.join(folder, 'data')
  return { dataDir, discard: () => discard(folder, dataDir) }
}

async function discard(folder: string, dataDir: string): Promise<void> {
  const pid = await postmasterPid(dataDir)
  if (pid) process.kill(pid, 'SIGQUIT') // immediate shutdown: its data is not needed any more
  while (pid && (await postmasterPid(dataDir)) === pid) await sleep(10)
  const cluster = await realpath(path.join(dataDir, 'postgres')).catch(() => undefined)
  if (cluster) await rm(cluster, { recursive: true, force: true })
  if (cluster) await rm(socketFolderOf(cluster), { recursive: true, force: true })
  await rm(folder, { recursive: true, force: true })
}

/** The process id of the server, from its lock file; undefined after a regular stop. */
export async function postmasterPid(dataDir: string): Promise<number | undefined> {
  const lockFile = await readFile(path.join(dataDir, 'postgres/postmaster.pid'), 'utf8').catch(() => '')
  return Number(lockFile.split('\n')[0]) || undefined
}

/** Runs one statement on a connection of its own, and returns the rows. */
export async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

/** Kills a process with SIGKILL, as the kernel does when memory runs out, so that it cannot clean up. */
export async function killAtOnce(pid: number | undefined): Promise<void> {
  if (!pid) throw new Error('no process to kill')
  process.kill(pid, 'SIGKILL')
  await sleep(10)
}
