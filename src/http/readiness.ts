import { assertGranted } from '../database/assert-ready.ts'
import { isUnusable } from '../database/clock.ts'
import type { Deps } from '../deps.ts'

/** Set by serve.ts as the process comes up and goes down. */
export interface Readiness {
  /** Whether the keys have been read and all migrations are applied. */
  hasStarted: boolean
  isDraining: boolean
  /** When the privileges of the database role were last found complete, in milliseconds of `performance.now()`. */
  grantedAt?: number
}

const GRANTS_HOLD_MS = 30_000
const ANSWER_WITHIN_MS = 1_000

/**
 * Whether this process can serve requests: the database answers, accepts writes and grants its role what it needs, and
 * the keys can be read. The mail provider is not part of it: while it is away, mail waits and everything else works.
 */
export async function isReady(deps: Deps, readiness: Readiness): Promise<boolean> {
  if (!readiness.hasStarted || readiness.isDraining) return false
  // A process that cannot open a new key would refuse good tokens and sign with a key that others have deleted.
  if (isUnusable(deps.clock) || !deps.keys.isReadable()) return false
  try {
    if (await isReadOnly(deps)) return false
    if (performance.now() - (readiness.grantedAt ?? Number.NEGATIVE_INFINITY) > GRANTS_HOLD_MS) {
      await assertGranted(deps.pool)
      readiness.grantedAt = performance.now()
    }
    return true
  } catch {
    return false
  }
}

/** A server that turned read-only, as a primary does when it is demoted, stays so for its open connections. */
async function isReadOnly({ pool }: Deps): Promise<boolean> {
  const { rows } = await pool.query<{ isReadOnly: boolean }>({
    text: `SELECT current_setting('transaction_read_only')::boolean AS "isReadOnly"`,
    query_timeout: ANSWER_WITHIN_MS, // node-postgres reads it, although its types do not have it
  } as { text: string })
  if (rows[0]?.isReadOnly) pool.distrustConnections()
  return rows[0]?.isReadOnly !== false
}
