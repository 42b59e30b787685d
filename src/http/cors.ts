import fastifyCors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/config.ts'

const PREFLIGHT_IS_GOOD_FOR_SECONDS = 600

/**
 * Lets the pages of the configured origins read our answers. Before the limits and the checks of callers, or a page
 * could not tell a 401 or a 429 from a broken network.
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
