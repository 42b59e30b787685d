import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Pool } from '../database/client.ts'
import type { HashingLane } from '../security/hashing/hashing-lane.ts'
import { registerDatabaseMetrics } from './database-metrics.ts'
import type { DatabaseReadings } from './database-readings.ts'
import { VERSION } from './version.ts'

export interface Metrics {
  /**
   * The labels are the pattern of a route, a status and the `code` of a problem document. They never contain an id or an
   * address, so that their number is limited.
   *
   * @param request `code` is empty if the answer is not a problem document.
   */
  observeRequest(request: { method: string; route: string; status: number; code: string; seconds: number }): void
  /**
   * The Prometheus text format.
   *
   * @param isReady What `/health/ready` would answer now. It is awaited beside the database, not before it: in an outage
   *   both wait, and a scrape has 10 seconds.
   */
  render(isReady: Promise<boolean>): Promise<string>
  readonly contentType: string
}

/** What the metrics read from the process at each scrape. */
export interface ProcessReadings {
  readonly hashingLane: Pick<HashingLane, 'load'>
  readonly pool: Pick<Pool, 'totalCount' | 'idleCount' | 'waitingCount'>
}

export function createMetrics({ hashingLane, pool }: ProcessReadings, readings: DatabaseReadings): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'latchkey_' })
  const requests = new Counter({
    name: 'latchkey_http_requests_total',
    help: 'Requests answered. The code is that of the problem document; without one it is empty.',
    labelNames: ['method', 'route', 'status', 'code'],
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
      const { running, waiting } = hashingLane.load()
      this.set({ state: 'running' }, running)
      this.set({ state: 'waiting' }, waiting)
    },
  })
  new Gauge({
    name: 'latchkey_database_pool',
    help: 'Database connections of this process that are used and idle, and requests that wait for one.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      this.set({ state: 'used' }, pool.totalCount - pool.idleCount)
      this.set({ state: 'idle' }, pool.idleCount)
      this.set({ state: 'waiting' }, pool.waitingCount)
    },
  })
  const build = new Gauge({
    name: 'latchkey_build_info',
    help: 'Always 1; the label is the version that is running.',
    labelNames: ['version'],
    registers: [registry],
  })
  build.set({ version: VERSION }, 1)
  const ready = new Gauge({
    name: 'latchkey_ready',
    help: 'Whether the process can serve, as /health/ready reports it: 1 or 0.',
    registers: [registry],
  })
  const database = registerDatabaseMetrics(registry, readings)

  return {
    observeRequest({ method, route, status, code, seconds }) {
      requests.inc({ method, route, status: String(status), code })
      durations.observe({ method, route }, seconds)
    },
    async render(isReady) {
      const [isReadyNow] = await Promise.all([isReady, database.read()])
      ready.set(isReadyNow ? 1 : 0)
      return registry.metrics()
    },
    contentType: registry.contentType,
  }
}
