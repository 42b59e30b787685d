import { Counter, Gauge, type Registry } from 'prom-client'
import type { DatabaseReadings } from './database-readings.ts'

/** Registers the metrics that are read from the database, which every process therefore reports alike. */
export function registerDatabaseMetrics(registry: Registry, readings: DatabaseReadings): { read(): Promise<void> } {
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] })
  const oldestMail = gauge(
    'latchkey_oldest_waiting_mail_seconds',
    'Age of the oldest mail that is not sent yet. It grows while the provider rejects mail or no worker runs.',
  )
  const waitingMails = gauge('latchkey_mails_waiting', 'Mails that are not sent yet.')
  const outcomes = new Counter({
    name: 'latchkey_mails_total',
    help: 'Outcomes of mails. Read from the database: every process reports the same numbers, so do not add them up.',
    labelNames: ['kind', 'outcome'],
    registers: [registry],
  })
  const deliveries = gauge(
    'latchkey_security_event_deliveries',
    'Deliveries of security events that are pending, or that were given up (failed) and can be replayed.',
    'state',
  )
  const oldestDelivery = gauge(
    'latchkey_oldest_pending_security_event_seconds',
    'Age of the oldest pending delivery of a security event. It grows while a receiver refuses or no worker runs.',
  )
  const keyAge = gauge('latchkey_signing_key_age_seconds', 'How long the current signing key has been signing.')

  return {
    /** Call it before anything is rendered: a gauge that is set while others are rendered is one scrape late. */
    async read() {
      const [mails, counts, events, keySeconds] = await Promise.all([
        readings.readMailBacklog(),
        readings.readMailOutcomes(),
        readings.readSecurityEventBacklog(),
        readings.readSigningKeyAge(),
      ])
      for (const metric of [oldestMail, waitingMails, oldestDelivery, keyAge]) metric.remove()
      if (mails) {
        waitingMails.set(mails.waiting)
        oldestMail.set(mails.oldestSeconds)
      }
      outcomes.reset()
      for (const { kind, outcome, count } of counts ?? []) outcomes.inc({ kind, outcome }, count)
      deliveries.reset()
      if (events) {
        deliveries.set({ state: 'pending' }, events.pending)
        deliveries.set({ state: 'failed' }, events.failed)
        oldestDelivery.set(events.oldestPendingSeconds)
      }
      if (keySeconds !== null) keyAge.set(keySeconds)
    },
  }
}
