import { isUnusable } from '../database/clock.ts'
import type { Deps } from '../deps.ts'

/** Set by serve.ts as the process comes up and goes down. */
export interface Readiness {
  /** The keys have been read and the migrations found in place. */
  hasStarted: boolean
  isDraining: boolean
}

/** Mail is not part of it: a provider that is away delays mail, it does not stop anybody from signing in. */
export async function isReady(deps: Deps, readiness: Readiness): Promise<boolean> {
  if (!readiness.hasStarted || readiness.isDraining) return false
  // A process that cannot open a new key would refuse good tokens and sign with a key that others have deleted.
  if (isUnusable(deps.clock) || !deps.keys.isReadable()) return false
  return deps.pool.query({ text: 'SELECT 1', query_timeout: 1_000 } as { text: string }).then(
    () => true,
    () => false,
  )
}
