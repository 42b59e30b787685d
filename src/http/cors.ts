import fastifyCors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/config.ts'

const PREFLIGHT_IS_GOOD_FOR_SECONDS = 600

/**
 * Lets pages of the configured origins read the responses. It has to be registered before the limits and the caller
 * checks. Otherwise a page could not distinguish a 401 or a 429 from a network failure.
 */
export async function allowOrigins(app: FastifyInstance, config: Config): Promise<void> {
  if (config.corsOrigins.length === 0) return
  await app.register(fastifyCors, {
    origin: [...config.corsOrigins],
    methods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
    exposedHeaders: ['Retry-After', 'X-Request-Id'],
    maxAge: PREFLIGHT_IS_GOOD_FOR_SECONDS,
    strictPreflight: false, // strict, it answers a bare OPTIONS with a 400 that is no problem document
  })
}
