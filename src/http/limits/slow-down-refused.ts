import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { Refusal } from '../../domain/problems.ts'
import { HashingLaneFull } from '../../security/hashing/hashing-lane.ts'

/** 50 refusals take about 1 % of a core. */
const MOST_AT_ONCE_PER_SECOND = 50
const HELD_MS = 1_000
/** A client that tries again at once after a held answer comes back a little later than HELD_MS after its last refusal. */
const ROUND_TRIP_MS = 500
/** Bounds the memory and the connections that held answers occupy. Further answers are sent at once. */
const MOST_HELD = 2_000

/**
 * Holds the answers 429 and 503 `overloaded` back for a second if the same connection was refused just before, or if many
 * requests were. A client that tries again as soon as it is refused would otherwise be refused more than a thousand
 * times a second, and would take the time of the cores from the requests that are served: correct sign-ins fell by a third.
 * On one connection, the next request waits for the held answer (connections/answer-in-turn.ts). Clients that do wait until
 * `Retry-After` do not notice.
 *
 * The refusals of the whole process are counted together, because a flood can come from many networks.
 */
export function slowDownRefused(app: FastifyInstance): void {
  const lastRefusals = new WeakMap<Socket, number>()
  let secondBeganAt = Number.NEGATIVE_INFINITY
  let answeredAtOnce = 0
  let held = 0

  function mayAnswerAtOnce(connection: Socket): boolean {
    const now = performance.now()
    const lastRefusedAt = lastRefusals.get(connection) ?? Number.NEGATIVE_INFINITY
    lastRefusals.set(connection, now)
    if (now - secondBeganAt >= 1_000) {
      secondBeganAt = now
      answeredAtOnce = 0
    }
    const isTooSoon = now - lastRefusedAt < HELD_MS + ROUND_TRIP_MS || answeredAtOnce >= MOST_AT_ONCE_PER_SECOND
    if (isTooSoon && held < MOST_HELD) return false
    answeredAtOnce += 1
    return true
  }

  app.addHook('onError', async (request, reply, error) => {
    if (!isRefusedForLoad(error) || mayAnswerAtOnce(request.raw.socket)) return
    const clientLeft = new AbortController()
    const leave = () => clientLeft.abort()
    reply.raw.once('close', leave)
    held += 1
    await wait(HELD_MS, undefined, { signal: clientLeft.signal }).catch(() => undefined) // rejects if the client has left
    held -= 1
    reply.raw.off('close', leave)
  })
}

function isRefusedForLoad(error: Error): boolean {
  if (error instanceof HashingLaneFull) return true
  return error instanceof Refusal && (error.code === 'too_many_attempts' || error.code === 'overloaded')
}
