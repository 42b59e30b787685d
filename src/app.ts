import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import type { Deps } from './deps.ts'
import { createBaseApp } from './http/base-app.ts'
import { allowMissingBodies } from './http/bodies/optional-bodies.ts'
import { refuseUnknownBodies } from './http/bodies/refuse-unknown-bodies.ts'
import { parseStrictJson } from './http/bodies/strict-json.ts'
import { authenticateCallers } from './http/caller.ts'
import { allowOrigins } from './http/cors.ts'
import { auditDenials } from './http/denial-audit.ts'
import { limitLargeTransfers } from './http/limits/limit-large-transfers.ts'
import { limitRequests } from './http/limits/limit-requests.ts'
import { shedLoad } from './http/limits/shed-load.ts'
import { slowDownRefused } from './http/limits/slow-down-refused.ts'
import { describeApi } from './http/openapi/describe-api.ts'
import { readQueryValues } from './http/query-values.ts'
import type { Readiness } from './http/readiness.ts'
import { requireDeclarations } from './http/route-declaration.ts'
import { accountRoutes } from './routes/account.ts'
import { emailChangeRoutes } from './routes/email-change.ts'
import { emailChangeLinkRoutes } from './routes/email-change-links.ts'
import { oauthRoutes } from './routes/oauth.ts'
import { operationsRoutes } from './routes/operations.ts'
import { passwordRoutes } from './routes/password.ts'
import { passwordPolicyRoutes } from './routes/password-policy.ts'
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

/**
 * Builds the main listener. Every request passes through the plugins in the order in which they are registered here.
 */
export async function buildApp(deps: Deps, readiness: Readiness): Promise<FastifyInstance> {
  const { config } = deps
  const app = createBaseApp(deps, readiness)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, raw: Buffer) =>
    raw.length === 0 ? undefined : parseStrictJson(raw),
  )
  await allowOrigins(app, config)
  await limitRequests(app, deps)
  shedLoad(app, deps)
  slowDownRefused(app)
  requireDeclarations(app)
  authenticateCallers(app, deps)
  auditDenials(app, deps)
  limitLargeTransfers(app)
  refuseUnknownBodies(app)
  allowMissingBodies(app)
  readQueryValues(app)
  describeApi(app, config)

  const routes: Readonly<Record<string, FastifyPluginAsyncTypebox>> = {
    registration: registrationRoutes(deps),
    signIn: signInRoutes(deps),
    sessions: sessionRoutes(deps),
    account: accountRoutes(deps),
    emailChange: emailChangeRoutes(deps),
    emailChangeLinks: emailChangeLinkRoutes(deps),
    password: passwordRoutes(deps),
    passwordPolicy: passwordPolicyRoutes(deps),
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
    operations: operationsRoutes(deps, readiness, { hasMetrics: config.operations === undefined }),
  }
  for (const [name, plugin] of Object.entries(routes)) await app.register(withName(name, plugin))
  return app
}

/** Fastify's errors name the group of routes. Without a name, Fastify compares the group with every loaded module to find one. */
function withName(name: string, routes: FastifyPluginAsyncTypebox): FastifyPluginAsyncTypebox {
  return Object.assign(routes, { [Symbol.for('fastify.display-name')]: name })
}
