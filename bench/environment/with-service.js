// The whole environment for a measurement of its own: PostgreSQL, the stand-in for SendGrid and the service.
import { startChild } from './child.js'
import { migrateDatabase, productionSettings, startLatchkey } from './latchkey.js'
import { startPostgres } from './postgres.js'

/** Calls `use` with them when the service is ready, and stops them afterwards. */
export async function withService(settings, use) {
  const postgres = await startPostgres()
  const sendgrid = await startChild('sendgrid')
  let service = null
  try {
    const databaseUrl = await postgres.createDatabase('latchkey')
    const all = productionSettings({ databaseUrl, sendgridUrl: sendgrid.url, ...settings })
    await migrateDatabase(all)
    service = await startLatchkey(all)
    await use({ postgres, sendgrid, service })
  } finally {
    await service?.stop()
    await sendgrid.stop()
    await postgres.stop()
  }
}
