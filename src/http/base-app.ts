import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { newId } from '../database/new-id.ts'
import type { Deps } from '../deps.ts'
import { compileWhenFirstUsed } from './bodies/compile-schemas.ts'
import { answerInTurn } from './connections/answer-in-turn.ts'
import { closeConnectionsWhileDraining } from './connections/close-while-draining.ts'
import { limitConnections } from './connections/limit-connections.ts'
import { requireValidHost } from './connections/require-valid-host.ts'
import { warnOfUnnamedProxy } from './limits/warn-of-unnamed-proxy.ts'
import {
  answerProblemsOf,
  answerUnmetExpectation,
  answerUnreadableRequest,
  frameworkProblem,
} from './problems/problem-responses.ts'
import type { Readiness } from './readiness.ts'
import { logAnswer, logRequests } from './request-log.ts'
import { setFixedHeaders } from './response-headers.ts'
import { components } from './schemas.ts'
import { traceRequests } from './trace-requests.ts'

const BODY_LIMIT_BYTES = 16 * 1024
/** Ajv's own format also takes `urn:uuid:…`, which the database refuses. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
/** How long a request may take to arrive, from its first byte to its last. A slow sender holds a connection. */
const LONGEST_ARRIVAL_MS = 10_000
/** How long a connection with a request in progress may transfer nothing: its client has stopped reading the answer. */
const LONGEST_STANDSTILL_MS = 30_000

/** Creates a listener without routes: what every request meets on any listener of the service. */
export function createBaseApp(deps: Deps, readiness: Readiness): FastifyInstance {
  const { config } = deps
  const app = Fastify({
    loggerInstance: deps.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: () => newId(), // not the caller's: Support and the operator find the request in the log by it
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: LONGEST_ARRIVAL_MS, // the default of 0 switches off Node's own guard against slow senders
    connectionTimeout: LONGEST_STANDSTILL_MS,
    trustProxy: config.trustProxy.length > 0 ? [...config.trustProxy] : false,
    routerOptions: { maxParamLength: 1024 },
    schemaController: { compilersFactory: compileWhenFirstUsed },
    // The defaults convert ["a"] to "a" and drop unknown fields silently. This API refuses both.
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: true },
      onCreate: (ajv) => void ajv.addFormat('uuid', UUID),
    },
    frameworkErrors: (error, request, reply) => {
      reply.raw.once('finish', () => logAnswer(deps, request, reply))
      frameworkProblem(error, request, reply)
    },
    clientErrorHandler: answerUnreadableRequest,
    http: {
      requireHostHeader: false, // checked by requireValidHost
      headersTimeout: LONGEST_ARRIVAL_MS, // Node takes the longer of the two for both, and its default is longer
      connectionsCheckingInterval: 1_000,
    },
  }).withTypeProvider<TypeBoxTypeProvider>()

  for (const component of components) app.addSchema(component)
  app.decorate('supportContact', config.supportContact)
  answerProblemsOf(app)
  app.server.on('checkExpectation', answerUnmetExpectation)
  limitConnections(app, deps)
  answerInTurn(app)
  setFixedHeaders(app, config)
  traceRequests(app, deps)
  logRequests(app, deps)
  requireValidHost(app)
  warnOfUnnamedProxy(app, deps)
  closeConnectionsWhileDraining(app, readiness)
  return app
}
