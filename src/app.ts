import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { v7 as uuidv7 } from 'uuid'
import type { Deps } from './deps.ts'
import { authenticateCallers } from './http/caller.ts'
import { allowOrigins } from './http/cors.ts'
import { closeConnectionsWhileDraining } from './http/drain.ts'
import { limitRequests } from './http/limit-requests.ts'
import { describeApi } from './http/openapi.ts'
import { answerProblemsOf, answerUnreadableRequest, frameworkProblem } from './http/problem-responses.ts'
import { logRequests } from './http/request-log.ts'
import { setFixedHeaders } from './http/response-headers.ts'
import { components } from './http/schemas.ts'
import { shedLoad } from './http/shed-load.ts'
import { registerJwt } from './http/signed-token.ts'
import { parseStrictJson } from './http/strict-json.ts'
import type { Readiness } from './operations/readiness.ts'
import { accountRoutes } from './routes/account.ts'
import { emailChangeRoutes } from './routes/email-change.ts'
import { oauthRoutes } from './routes/oauth.ts'
import { operationsRoutes } from './routes/operations.ts'
import { passwordRoutes } from './routes/password.ts'
import { registrationRoutes } from './routes/registration.ts'
import { sessionRoutes } from './routes/sessions.ts'

const BODY_LIMIT_BYTES = 16 * 1024

/** The service on one page: what every request passes through, then every route file by name. */
export async function buildApp(deps: Deps, readiness: Readiness): Promise<FastifyInstance> {
  const { config } = deps
  const app = Fastify({
    loggerInstance: deps.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: () => uuidv7(), // never the caller's: it names the request in our log and to Support
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: 10_000, // 0, the default, switches Node's own guard against slow senders off
    trustProxy: config.trustProxy.length > 0 ? [...config.trustProxy] : false,
    routerOptions: { maxParamLength: 1024 },
    // The defaults turn ["a"] into "a" and drop unknown fields in silence: an API for credentials refuses both.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: true } },
    frameworkErrors: frameworkProblem,
    clientErrorHandler: answerUnreadableRequest,
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, raw: Buffer) =>
    raw.length === 0 ? undefined : parseStrictJson(raw),
  )
  for (const component of components) app.addSchema(component)
  answerProblemsOf(app)
  setFixedHeaders(app, config)
  logRequests(app, deps)
  closeConnectionsWhileDraining(app, readiness)
  await allowOrigins(app, config)
  await limitRequests(app, deps)
  shedLoad(app, deps)
  authenticateCallers(app, deps)
  await registerJwt(app)
  await describeApi(app, config)

  await app.register(registrationRoutes(deps))
  await app.register(sessionRoutes(deps))
  await app.register(accountRoutes(deps))
  await app.register(emailChangeRoutes(deps))
  await app.register(passwordRoutes(deps))
  await app.register(oauthRoutes(deps))
  await app.register(operationsRoutes(deps, readiness))
  return app
}
