import type { FastifyPluginAsyncTypebox, TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { v7 as uuidv7 } from 'uuid'
import type { Deps } from './deps.ts'
import { refuseUnknownBodies } from './http/bodies/refuse-unknown-bodies.ts'
import { buildSerializers } from './http/bodies/serialize-answers.ts'
import { parseStrictJson } from './http/bodies/strict-json.ts'
import { authenticateCallers } from './http/caller.ts'
import { allowOrigins } from './http/cors.ts'
import { completeSchemas } from './http/declaration/route-declaration.ts'
import { auditDenials } from './http/denial-audit.ts'
import { closeConnectionsWhileDraining } from './http/drain.ts'
import { limitRequests } from './http/limits/limit-requests.ts'
import { shedLoad } from './http/limits/shed-load.ts'
import { describeApi } from './http/openapi.ts'
import {
  answerProblemsOf,
  answerUnmetExpectation,
  answerUnreadableRequest,
  frameworkProblem,
} from './http/problem-responses.ts'
import type { Readiness } from './http/readiness.ts'
import { logAnswer, logRequests } from './http/request-log.ts'
import { requireOneHost } from './http/require-one-host.ts'
import { setFixedHeaders } from './http/response-headers.ts'
import { components } from './http/schemas.ts'
import { accountRoutes } from './routes/account.ts'
import { emailChangeRoutes } from './routes/email-change.ts'
import { oauthRoutes } from './routes/oauth.ts'
import { operationsRoutes } from './routes/operations.ts'
import { passwordRoutes } from './routes/password.ts'
import { registrationRoutes } from './routes/registration.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { signInRoutes } from './routes/sign-in.ts'
import { supportAddressRoutes } from './routes/support/addresses.ts'
import { auditTrailRoutes } from './routes/support/audit-trail.ts'
import { supportEventRoutes } from './routes/support/events.ts'
import { supportMailRoutes } from './routes/support/mail.ts'
import { securityEventRoutes } from './routes/support/security-events.ts'
import { suppressionRoutes } from './routes/support/suppressions.ts'
import { supportUserActionRoutes } from './routes/support/user-actions.ts'
import { supportUserRoutes } from './routes/support/users.ts'
import { webhookRoutes } from './routes/webhooks.ts'
import { wellKnownRoutes } from './routes/well-known.ts'

const BODY_LIMIT_BYTES = 16 * 1024
/** From the first byte to the last: whoever sends slowly holds a connection, and there are only so many. */
const SLOWEST_REQUEST_MS = 10_000

/** The service on one page: what every request passes through, then every route file by name. */
export async function buildApp(deps: Deps, readiness: Readiness): Promise<FastifyInstance> {
  const { config } = deps
  const app = Fastify({
    loggerInstance: deps.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: () => uuidv7(), // never the caller's: it names the request in our log and to Support
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: SLOWEST_REQUEST_MS, // 0, the default, switches Node's own guard against slow senders off
    trustProxy: config.trustProxy.length > 0 ? [...config.trustProxy] : false,
    routerOptions: { maxParamLength: 1024 },
    schemaController: { compilersFactory: { buildSerializer: buildSerializers } },
    // The defaults turn ["a"] into "a" and drop unknown fields in silence: an API for credentials refuses both.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: true } },
    frameworkErrors: (error, request, reply) => {
      reply.raw.once('finish', () => logAnswer(deps, request, reply))
      frameworkProblem(error, request, reply)
    },
    clientErrorHandler: answerUnreadableRequest,
    http: {
      requireHostHeader: false, // checked by requireOneHost
      headersTimeout: SLOWEST_REQUEST_MS, // where this is the longer one, as by default, Node takes it for both
      connectionsCheckingInterval: 1_000,
    },
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, raw: Buffer) =>
    raw.length === 0 ? undefined : parseStrictJson(raw),
  )
  for (const component of components) app.addSchema(component)
  answerProblemsOf(app)
  app.server.on('checkExpectation', answerUnmetExpectation)
  setFixedHeaders(app, config)
  logRequests(app, deps)
  requireOneHost(app)
  closeConnectionsWhileDraining(app, readiness)
  await allowOrigins(app, config)
  await limitRequests(app, deps)
  shedLoad(app, deps)
  completeSchemas(app)
  authenticateCallers(app, deps)
  auditDenials(app, deps)
  refuseUnknownBodies(app)
  await describeApi(app, config)

  const routes: Readonly<Record<string, FastifyPluginAsyncTypebox>> = {
    registration: registrationRoutes(deps),
    signIn: signInRoutes(deps),
    sessions: sessionRoutes(deps),
    account: accountRoutes(deps),
    emailChange: emailChangeRoutes(deps),
    password: passwordRoutes(deps),
    oauth: oauthRoutes(deps),
    wellKnown: wellKnownRoutes(deps),
    supportUsers: supportUserRoutes(deps),
    supportUserActions: supportUserActionRoutes(deps),
    supportAddresses: supportAddressRoutes(deps),
    supportMail: supportMailRoutes(deps),
    supportEvents: supportEventRoutes(deps),
    suppressions: suppressionRoutes(deps),
    auditTrail: auditTrailRoutes(deps),
    securityEvents: securityEventRoutes(deps),
    webhooks: webhookRoutes(deps),
    operations: operationsRoutes(deps, readiness),
  }
  for (const [name, plugin] of Object.entries(routes)) await app.register(withName(name, plugin))
  return app
}

/** Fastify's errors name the group of routes. Without a name, Fastify compares the group with every loaded module to find one. */
function withName(name: string, routes: FastifyPluginAsyncTypebox): FastifyPluginAsyncTypebox {
  return Object.assign(routes, { [Symbol.for('fastify.display-name')]: name })
}
