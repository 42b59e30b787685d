import { setTimeout as sleep } from 'node:timers/promises'

/** Waits for what another process or the real worker does in its own time; Jest's time-out is the limit. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(25)
}
