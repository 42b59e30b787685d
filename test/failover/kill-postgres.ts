import { readFile } from 'node:fs/promises'
import path from 'node:path'

/** Ends every process of the server of this data folder with SIGKILL, as when its machine loses its power. */
export async function killPostgres(dataFolder: string): Promise<void> {
  const postmaster = await postmasterOf(dataFolder)
  if (postmaster === undefined) return
  for (const pid of [postmaster, ...(await childrenOf(postmaster))]) killIfRunning(pid)
}

async function postmasterOf(dataFolder: string): Promise<number | undefined> {
  const lockFile = await readFile(path.join(dataFolder, 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number(lockFile.split('\n')[0])
  return pid > 0 && (await childrenOf(pid)).length > 0 ? pid : undefined
}

/** A process may end in between, because its postmaster has. */
function killIfRunning(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return children.trim().split(' ').filter(Boolean).map(Number)
}
