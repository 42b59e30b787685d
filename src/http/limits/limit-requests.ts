import fastifyRateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Deps } from '../../deps.ts'
import { Refusal } from '../../domain/problems.ts'
import { networkOf } from '../../domain/throttle/network.ts'
import { limitOf } from '../route-declaration.ts'
import { clientAddress } from './client-address.ts'
import { type RateLimitName, rateLimits } from './rate-limits.ts'
import { connectSharedCounters, sharedStore } from './shared-counters.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * Counts a failed authentication against the route's `failureLimit`.
     *
     * @throws {Refusal} too_many_attempts
     */
    countFailure: () => Promise<void>
  }
}

type Count = (request: FastifyRequest, name: RateLimitName) => Promise<{ isExceeded: boolean; ttlInSeconds: number }>

/**
 * How many clients are counted in memory for each limit (about 1 MB). Above this number, the client that was inactive
 * for longest is forgotten.
 */
const CLIENTS_REMEMBERED = 10_000

/**
 * Counts every request for its client and route before anything else is done for it. The count therefore depends on nothing
 * that the request asks for, and cannot reveal whether there is an account. Routes with a `failureLimit` count failures
 * again, by `request.countFailure`. Replicas count together in Redis if there is one. While it cannot be reached, each
 * counts by itself.
 */
export async function limitRequests(app: FastifyInstance, deps: Deps): Promise<void> {
  const { rateLimitFactor, redisUrl, publicUrl } = deps.config
  app.decorateRequest('countFailure', async () => undefined)
  if (rateLimitFactor === 0) return
  const countHere = await createCount(app, rateLimitFactor, { cache: CLIENTS_REMEMBERED })
  const shared = redisUrl && (await connectSharedCounters(redisUrl, deps.log))
  const countTogether =
    shared &&
    (await createCount(app, rateLimitFactor, { store: sharedStore(shared.redis, `latchkey:limits:${publicUrl}:`) }))
  if (shared) app.addHook('onClose', async () => shared.close())

  async function count(request: FastifyRequest, name: RateLimitName): Promise<void> {
    const together = countTogether && (await shared?.use(() => countTogether(request, name)))
    const { isExceeded, ttlInSeconds } = together ?? (await countHere(request, name))
    if (isExceeded) throw new Refusal('too_many_attempts', { retryAfter: Math.max(1, ttlInSeconds) })
  }

  app.addHook('onRequest', async (request) => {
    const { url, config } = request.routeOptions
    const name = url === undefined ? 'unknownRoutes' : limitOf(config)
    const { failureLimit } = config
    if (failureLimit) request.countFailure = () => count(request, failureLimit)
    if (name !== 'none') await count(request, name)
  })
}

/** Counts with the plugin. Which limit a request counts for, and the answer, are decided here. */
async function createCount(app: FastifyInstance, factor: number, store: object): Promise<Count> {
  const counters = new Map<RateLimitName, ReturnType<FastifyInstance['createRateLimit']>>()
  const countPerScope: FastifyPluginAsync = async (scope) => {
    await scope.register(fastifyRateLimit, { ...store, global: false })
    for (const name of Object.keys(rateLimits) as RateLimitName[]) {
      const { most, windowSeconds } = rateLimits[name]
      const max = Math.max(1, Math.round(most * factor))
      const keyGenerator = (request: FastifyRequest) => `${name} ${clientOf(request)}`
      counters.set(name, scope.createRateLimit({ max, timeWindow: windowSeconds * 1000, keyGenerator }))
    }
  }
  await app.register(countPerScope)
  return async (request, name) => {
    const counted = await counters.get(name)?.(request)
    if (!counted || counted.isAllowed) throw new Error(`no counter for ${name}`)
    return counted
  }
}

function clientOf(request: FastifyRequest): string {
  return `${request.method} ${request.routeOptions.url ?? 'unknown'} ${networkOf(clientAddress(request))}`
}
