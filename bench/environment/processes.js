// What Linux records of processes: the processor time that they have used, and their memory.
import { readdir, readFile } from 'node:fs/promises'

/** Milliseconds of processor time that one process has used so far, with all its threads. */
export async function cpuMs(pid) {
  const stat = parseStat(await readFile(`/proc/${pid}/stat`, 'utf8'))
  return stat.ownMs
}

/** The same of a process and its descendants, including those that have ended: a PostgreSQL server and its connections. */
export async function treeCpuMs(pid) {
  const processes = new Map()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const text = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    if (text !== '') processes.set(Number(name), parseStat(text))
  }
  const isWithin = (id) => id === pid || (processes.has(id) && isWithin(processes.get(id).parent))
  const within = [...processes].filter(([id]) => isWithin(id))
  return within.reduce((sum, [, { ownMs, endedChildrenMs }]) => sum + ownMs + endedChildrenMs, 0)
}

/** The fields follow the command in parentheses, which may contain anything. Times are hundredths of a second: proc(5). */
function parseStat(text) {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [user, system, childrenUser, childrenSystem] = fields.slice(11, 15).map((ticks) => Number(ticks) * 10)
  return { parent: Number(fields[1]), ownMs: user + system, endedChildrenMs: childrenUser + childrenSystem }
}

/** The memory of a process, in megabytes (10^6 bytes). */
export async function residentMegabytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round((Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1.024) / 100) / 10
}
