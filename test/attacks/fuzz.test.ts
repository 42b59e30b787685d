import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { deviation, operations } from '../support/fuzz/description.ts'
import { fillIn, type LiveValues, liveValues } from '../support/fuzz/live-values.ts'
import { type FuzzedRequest, requestsFor } from '../support/fuzz/requests.ts'
import { findViolations } from '../support/invariants.ts'
import { SENDGRID_PUBLIC_KEY, SendgridEvents } from '../support/sendgrid-events.ts'
import { startTestApp } from '../support/test-app.ts'

/** The same few requests in every `npm test`; scripts/search.sh asks for 20,000 others each time. */
const FEW = 300
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? FEW)
/** FUZZ_SEED repeats a search that found something. */
const SEED = Number(process.env.FUZZ_SEED ?? (REQUESTS === FEW ? 1 : Date.now() % 2 ** 31))
/** Links, sessions and whole accounts are used up on the way. */
const REQUESTS_PER_PERSON = 90
const MOST_FURTHER = 5_000

const service = await startTestApp({ env: { SENDGRID_WEBHOOK_PUBLIC_KEY: SENDGRID_PUBLIC_KEY } })
const sendgridEvents = new SendgridEvents(service)

async function send(request: FuzzedRequest, values: LiveValues) {
  const body = request.body === undefined ? undefined : fillIn(request.body, values)
  const headers = Object.entries(request.headers).map(([name, text]) => [name, fillIn(text, values)] as const)
  const isWebhook = request.path.startsWith('/v1/webhooks/')
  const response = await service.app.inject({
    method: request.method as 'GET',
    url: fillIn(request.path, values),
    headers: { ...Object.fromEntries(headers), ...(isWebhook && body ? sendgridEvents.headersFor(body) : {}) },
    remoteAddress: request.ip,
    ...(body === undefined ? {} : { payload: body }),
  })
  return { statusCode: response.statusCode, headers: response.headers, body: response.body }
}

test(
  `M1: none of ${REQUESTS} generated requests to all routes is answered 5xx, and openapi.yaml describes every answer`,
  async () => {
    const perOperation = Math.ceil(REQUESTS / operations.length)
    const byOperation = operations.map((operation, nth) =>
      fc.sample(requestsFor(operation), { numRuns: perOperation, seed: SEED + nth }),
    )
    const requests = Array.from({ length: perOperation }, (_, nth) => byOperation.map((made) => made[nth])).flat()
    const statuses = new Map<number, number>()
    const unserved = new Set(operations.map(({ route }) => route))
    const findings: string[] = []
    let values = await liveValues(service, sendgridEvents)
    let sent = 0
    async function attempt(request: FuzzedRequest): Promise<void> {
      sent += 1
      if (sent % REQUESTS_PER_PERSON === 0) values = await liveValues(service, sendgridEvents)
      const answer = await send(request, values)
      statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1)
      const { route } = request.operation
      if (answer.statusCode < 300) unserved.delete(route)
      const found = deviation(request.operation.path, request.method, answer)
      if (found) findings.push(`${found}\n  to ${JSON.stringify({ ...request, operation: route })}`)
    }
    for (const request of requests) if (request) await attempt(request)
    // A route with many fields accepts one generated request in several hundred. It gets more of them until it accepts one.
    const refusedSoFar = REQUESTS > FEW ? operations.filter(({ route }) => unserved.has(route)) : []
    for (const operation of refusedSoFar) {
      for (const request of fc.sample(requestsFor(operation), { numRuns: MOST_FURTHER, seed: ~SEED })) {
        if (!unserved.has(operation.route)) break
        await attempt(request)
      }
    }
    process.stderr.write(`${sent} requests (FUZZ_SEED=${SEED}): ${JSON.stringify(Object.fromEntries(statuses))}\n`)

    expect(findings).toEqual([])
    // Some requests get past every check of each route; a few requests do so at most routes.
    if (REQUESTS > FEW) expect([...unserved]).toEqual([])
    expect(unserved.size).toBeLessThan(operations.length / 2)
    expect(await findViolations(service.deps.pool)).toEqual([])
  },
  60_000 + REQUESTS * 30,
)
