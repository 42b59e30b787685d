/**
 * node bench/enumeration-timing.js [PAIRS] [BCRYPT_COST]: does the duration of an answer reveal whether an address has an
 * account? Starts the service with its worker on a PostgreSQL of its own. Calls each public
 * route that takes an address PAIRS times (200 by default) with an address that has an account and with one that has none, in
 * random order, and prints how the two differ: the medians, and the p-value of the Mann-Whitney test.
 * It is plain JavaScript that uses dist, because Node 20 does not run TypeScript: build first. Run it on an idle machine.
 */
import { post } from './environment/latchkey.js'
import { emailOf, openAccounts, PASSWORD } from './environment/people.js'
import { withService } from './environment/with-service.js'
import { median } from './report/statistics.js'

const PAIRS = Number(process.argv[2] ?? 200)
const BCRYPT_COST = process.argv[3] ?? '12'
/** Enough accounts that no address reaches a throttle or a limit on mails during a run. */
const ACCOUNTS = 40

let requests = 0

await withService({ BCRYPT_COST, LOG_LEVEL: 'warn' }, async ({ service, sendgrid }) => {
  const known = Array.from({ length: ACCOUNTS }, (_, index) => emailOf(index))
  await openAccounts(service, sendgrid, ACCOUNTS)
  process.stdout.write(`${PAIRS} pairs, cost ${BCRYPT_COST}; medians in ms\n`)
  process.stdout.write('route                        account   none  ratio      p\n')
  for (const [route, bodyFor] of [
    ['/v1/password/forgot', (email) => ({ email })],
    ['/v1/email/verify/resend', (email) => ({ email })],
    ['/v1/login', (email) => ({ email, password: 'Wrong-Horse-7' })],
    ['/v1/register', (email) => ({ email, password: PASSWORD })],
  ]) {
    report(route, await measure(service, route, bodyFor, known))
  }
})

/** A network of its own for each request, because guesses are counted per network. */
async function timed(service, route, body) {
  requests += 1
  const began = performance.now()
  const answer = await post(service, route, body, {
    'x-forwarded-for': `198.18.${(requests >> 8) & 255}.${requests & 255}`,
  })
  await answer.arrayBuffer()
  return { ms: performance.now() - began, status: answer.status }
}

async function measure(service, route, bodyFor, known) {
  const times = { known: [], unknown: [] }
  const statuses = new Set()
  for (let pair = -10; pair < PAIRS; pair += 1) {
    const addresses = {
      known: known[(pair + 10) % known.length],
      unknown: `nobody.${(pair + 10) % known.length}@example.com`,
    }
    const order = Math.random() < 0.5 ? ['known', 'unknown'] : ['unknown', 'known']
    for (const sort of order) {
      const { ms, status } = await timed(service, route, bodyFor(addresses[sort]))
      statuses.add(status)
      if (pair >= 0) times[sort].push(ms) // the first ten warm the service up
    }
  }
  if (statuses.size !== 1) throw new Error(`${route} answered ${[...statuses].join(' and ')}`)
  return times
}

function report(route, { known, unknown }) {
  const [one, other] = [median(known), median(unknown)]
  const columns = [one.toFixed(2).padStart(8), other.toFixed(2).padStart(7), (one / other).toFixed(3).padStart(6)]
  process.stdout.write(`${route.padEnd(28)}${columns.join('')}  ${mannWhitney(known, unknown).toFixed(3)}\n`)
}

/** The two-sided p-value by the normal approximation, which is exact enough for twenty or more values of each kind. */
function mannWhitney(first, second) {
  const ranked = [...first.map((ms) => ({ ms, isFirst: true })), ...second.map((ms) => ({ ms, isFirst: false }))]
  ranked.sort((one, other) => one.ms - other.ms)
  const rankSum = ranked.reduce((sum, { isFirst }, index) => sum + (isFirst ? index + 1 : 0), 0)
  const [n, m] = [first.length, second.length]
  const u = rankSum - (n * (n + 1)) / 2
  const z = (u - (n * m) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12)
  return 2 * (1 - normal(Math.abs(z)))
}

/** The normal distribution (Abramowitz and Stegun 26.2.17; wrong by less than 7.5e-8). */
function normal(z) {
  const t = 1 / (1 + 0.2316419 * z)
  const polynomial = ((((1.330274429 * t - 1.821255978) * t + 1.781477937) * t - 0.356563782) * t + 0.31938153) * t
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial
}
