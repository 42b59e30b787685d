import type { FastifyInstance } from 'fastify'
import { validate as isUuid } from 'uuid'
import type { Deps } from '../deps.ts'
import { recordRepeatedFailure } from '../domain/events/record-repeated-failure.ts'
import { Refusal } from '../domain/problems.ts'
import { scopeOf } from './caller.ts'
import { originOf } from './request-log.ts'

/**
 * Records in the audit trail that a service client made a request without the required scope, because this can show
 * that its credentials were stolen. For each client and route, the first denial in a minute is recorded at once, and
 * the number of the others afterwards. If the audit trail cannot be written, the answer is the same refusal.
 */
export function auditDenials(app: FastifyInstance, deps: Deps): void {
  app.addHook('onError', async (request, _reply, error) => {
    const { service, routeOptions } = request
    if (!service || !(error instanceof Refusal) || error.code !== 'insufficient_scope') return
    const { id } = request.params as { id?: string }
    const route = `${request.method} ${routeOptions.url}`
    await recordRepeatedFailure(deps, ['service_client.denied', service.clientId, route], {
      type: 'service_client.denied',
      outcome: 'failure',
      at: deps.clock.now(),
      accountId: await existingAccountId(deps, id),
      actor: { serviceClientId: service.clientId },
      origin: originOf(request),
      details: { method: request.method, route: routeOptions.url ?? null, scope: scopeOf(routeOptions.config.caller) },
    }).catch(() => request.log.warn({ clientId: service.clientId }, 'a denial could not be written to the audit trail'))
  })
}

/** An id that no account has is not recorded, because it may be the id of an erased person. */
async function existingAccountId(deps: Deps, id: string | undefined): Promise<string | null> {
  if (id === undefined || !isUuid(id)) return null
  const accounts = await deps.db.account.count({ where: { id } })
  return accounts === 0 ? null : id
}
