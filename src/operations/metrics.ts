import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { HashingLane } from '../security/hashing/hashing-lane.ts'
import { VERSION } from './version.ts'

export interface Metrics {
  /**
   * The labels are the pattern of a route and a status. They never contain an id or an address, so that their number is
   * limited.
   */
  observeRequest(request: { method: string; route: string; status: number; seconds: number }): void
  /** The Prometheus text format. */
  render(): Promise<string>
  readonly contentType: string
}

/** Mails that were requested and have not been sent yet. */
export interface MailBacklog {
  readonly waiting: number
  /** The age of the oldest mail; 0 if there is none. */
  readonly oldestSeconds: number
}

/** How many mails of a kind had an outcome, since the database was created. */
export interface MailOutcomeCount {
  readonly kind: string
  readonly outcome: string
  readonly count: number
}

/**
 * What the metrics read from the database. If it is null, as in an outage, the response does not contain the metric.
 */
export interface MailReadings {
  readBacklog(): Promise<MailBacklog | null>
  readOutcomes(): Promise<MailOutcomeCount[] | null>
}

export function createMetrics(lane: HashingLane, { readBacklog, readOutcomes }: MailReadings): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'latchkey_' })
  const requests = new Counter({
    name: 'latchkey_http_requests_total',
    help: 'Requests answered.',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  })
  const durations = new Histogram({
    name: 'latchkey_http_request_seconds',
    help: 'Time to answer.',
    labelNames: ['method', 'route'],
    buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  })
  new Gauge({
    name: 'latchkey_hashing_lane',
    help: 'Password hashes running and waiting.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { running, waiting } = lane.load()
      this.set({ state: 'running' }, running)
      this.set({ state: 'waiting' }, waiting)
    },
  })
  const build = new Gauge({
    name: 'latchkey_build_info',
    help: 'Always 1; the label is the version that is running.',
    labelNames: ['version'],
    registers: [registry],
  })
  build.set({ version: VERSION }, 1)
  const oldest = new Gauge({
    name: 'latchkey_oldest_waiting_mail_seconds',
    help: 'Age of the oldest mail that is not sent yet. It grows while the provider rejects mail or no worker runs.',
    registers: [registry],
  })
  const waiting = new Gauge({
    name: 'latchkey_mails_waiting',
    help: 'Mails that are not sent yet.',
    registers: [registry],
  })
  const outcomes = new Counter({
    name: 'latchkey_mails_total',
    help: 'Outcomes of mails. Read from the database: every process reports the same numbers, so do not add them up.',
    labelNames: ['kind', 'outcome'],
    registers: [registry],
  })

  /** Read before anything is rendered: a gauge that another gauge sets while it is rendered is one scrape late. */
  async function readDatabase(): Promise<void> {
    const [backlog, counts] = await Promise.all([readBacklog(), readOutcomes()])
    for (const metric of [oldest, waiting]) metric.remove()
    if (backlog) {
      waiting.set(backlog.waiting)
      oldest.set(backlog.oldestSeconds)
    }
    outcomes.reset()
    for (const { kind, outcome, count } of counts ?? []) outcomes.inc({ kind, outcome }, count)
  }

  return {
    observeRequest({ method, route, status, seconds }) {
      requests.inc({ method, route, status: String(status) })
      durations.observe({ method, route }, seconds)
    },
    async render() {
      await readDatabase()
      return registry.metrics()
    },
    contentType: registry.contentType,
  }
}
