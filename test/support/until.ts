import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until something is true that another process or the real worker brings about. Jest's time-out is the limit. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(25)
}
