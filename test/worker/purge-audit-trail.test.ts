import { expect, test } from '@jest/globals'
import { readConfig } from '../../src/config/config.ts'
import { purgeAuditTrail } from '../../src/worker/purge-audit-trail.ts'
import { startTestApp } from '../support/test-app.ts'
import '../support/matchers.ts'

const { deps } = await startTestApp({ env: { AUDIT_RETENTION_DAYS: '30' } })
const DAY_MS = 86_400_000

async function record(count: number, daysAgo: number): Promise<void> {
  const at = new Date(deps.clock.now().getTime() - daysAgo * DAY_MS)
  await deps.db.$executeRaw`
    INSERT INTO events (id, at, type, outcome, actor_type)
    SELECT gen_random_uuid(), ${at}, 'login', 'success', 'anonymous' FROM generate_series(1, ${count}::int)`
}

test('events older than AUDIT_RETENTION_DAYS are deleted in batches, and the others are kept', async () => {
  await record(12_000, 31)
  await record(3, 29)

  await purgeAuditTrail(deps)

  expect(await deps.db.event.count()).toBe(3)
})

test.each(['UPDATE events SET ip = NULL', 'DELETE FROM events', 'TRUNCATE events'])(
  'on the connections of the service the trail refuses %s, before a purge and after',
  async (statement) => {
    await record(1, 31)
    await expect(deps.pool.query(statement)).rejects.toThrow('events is append-only')

    await purgeAuditTrail(deps)

    const connections = await Promise.all(Array.from({ length: 5 }, () => deps.pool.connect()))
    for (const connection of connections) {
      await expect(connection.query(statement)).rejects.toThrow('events is append-only')
      connection.release()
    }
  },
)

test('AUDIT_RETENTION_DAYS is 400 by default, and a value that makes no sense stops the start', () => {
  expect(readConfig({}).auditRetentionDays).toBe(400)
  for (const AUDIT_RETENTION_DAYS of ['0', '-1', 'forever', '1.5']) {
    expect(() => readConfig({ AUDIT_RETENTION_DAYS })).toThrow(
      /^Refusing to start: AUDIT_RETENTION_DAYS: the value must be/,
    )
  }
})
