import fastifyRateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Deps } from '../../deps.ts'
import { Refusal } from '../../domain/problems.ts'
import { networkOf } from '../../domain/throttle/network.ts'
import { limitOf } from '../route-declaration.ts'
import { clientAddress } from './client-address.ts'
import { type RateLimitName, rateLimits } from './rate-limits.ts'
import { connectSharedCounters } from './shared-counters.ts'

type Count = (request: FastifyRequest, name: RateLimitName) => Promise<{ isExceeded: boolean; ttlInSeconds: number }>

/** Clients counted for each limit in memory; past that the one longest unseen is forgotten (1 MB or so each). */
const CLIENTS_REMEMBERED = 10_000

/**
 * Counts every request for its client and route before anything else is done about it, so that the count depends on
 * nothing the request asks: it cannot tell whether there is an account. The replicas count together in Redis where
 * there is one; while it is out, each counts for itself.
 */
export async function limitRequests(app: FastifyInstance, deps: Deps): Promise<void> {
  const { rateLimitFactor, redisUrl } = deps.config
  if (rateLimitFactor === 0) return
  const countHere = await createCount(app, rateLimitFactor, { cache: CLIENTS_REMEMBERED })
  const shared = redisUrl && (await connectSharedCounters(redisUrl, deps.log))
  const countTogether =
    shared && (await createCount(app, rateLimitFactor, { redis: shared.redis, nameSpace: 'latchkey ' }))
  if (shared) app.addHook('onClose', async () => shared.close())

  app.addHook('onRequest', async (request) => {
    const { url, config } = request.routeOptions
    const name = url === undefined ? 'unknownRoutes' : limitOf(config)
    if (name === 'none') return
    const together = countTogether && (await shared?.use(() => countTogether(request, name)))
    const { isExceeded, ttlInSeconds } = together ?? (await countHere(request, name))
    if (isExceeded) throw new Refusal('too_many_attempts', { retryAfter: Math.max(1, ttlInSeconds) })
  })
}

/** The plugin counts; which request counts for what, and the answer, are ours. */
async function createCount(app: FastifyInstance, factor: number, store: object): Promise<Count> {
  const counters = new Map<RateLimitName, ReturnType<FastifyInstance['createRateLimit']>>()
  const countPerScope: FastifyPluginAsync = async (scope) => {
    await scope.register(fastifyRateLimit, { ...store, global: false })
    for (const name of Object.keys(rateLimits) as RateLimitName[]) {
      const { most, windowSeconds } = rateLimits[name]
      const max = Math.max(1, Math.round(most * factor))
      counters.set(name, scope.createRateLimit({ max, timeWindow: windowSeconds * 1000, keyGenerator: clientOf }))
    }
  }
  await app.register(countPerScope)
  return async (request, name) => {
    const counted = await counters.get(name)?.(request)
    if (!counted || counted.isAllowed) throw new Error(`nobody counts ${name}`)
    return counted
  }
}

function clientOf(request: FastifyRequest): string {
  return `${request.method} ${request.routeOptions.url ?? 'unknown'} ${networkOf(clientAddress(request))}`
}
