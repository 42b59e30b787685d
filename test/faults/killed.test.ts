import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from '@jest/globals'
import pg from 'pg'
import { findViolations } from '../support/invariants.ts'
import { startSendgridStandIn } from '../support/sendgrid-stand-in.ts'
import { serviceProcess } from '../support/service-process.ts'
import { serviceSettings } from '../support/service-settings.ts'
import { startCustomers } from '../support/survivor.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { until } from '../support/until.ts'

/** scripts/search.sh asks for 20. */
const ROUNDS = Number(process.env.KILL_ROUNDS ?? 2)
const CUSTOMERS_AT_ONCE = 10
const DEEDS_OF_EACH = 9
const LONGEST_LIFE_MS = 2_500

const database = await createTestDatabase()
const sendgrid = await startSendgridStandIn()
const settings = { ...serviceSettings(database.url, sendgrid), LOG_LEVEL: 'warn', TRUST_PROXY: '127.0.0.1' }
const service = await serviceProcess(settings)
const pool = new pg.Pool({ connectionString: database.url })
pool.on('error', () => undefined) // a connection that is still closing when the database is dropped reports its end

afterAll(async () => {
  await service.kill()
  await pool.end()
  await sendgrid.close()
  await database.drop()
})

test(
  `M6: after ${ROUNDS} kills at random instants no committed change lacks its event or its mail, and no link has worked twice`,
  async () => {
    const { chronicle, finish } = startCustomers(
      { url: service.url, sendgrid },
      {
        atOnce: CUSTOMERS_AT_ONCE,
        deedsOfEach: DEEDS_OF_EACH,
        countMails: async (sql, values) => (await pool.query<{ mails: number }>(sql, values)).rows[0]?.mails ?? 0,
      },
    )

    await service.start()
    // The first kill comes under load, and while a request is under way.
    await until(() => chronicle.changes >= CUSTOMERS_AT_ONCE && chronicle.underWay > 0)
    await service.kill()
    for (let round = 1; round < ROUNDS; round += 1) {
      if (round % 10 === 9)
        service.launch() // this one dies while it is still starting, or soon after
      else await service.start()
      await sleep(Math.random() * LONGEST_LIFE_MS)
      await service.kill()
    }
    await service.start()
    await finish()

    const { rows: mails } = await pool.query<{ id: string; state: string }>('SELECT id, state FROM mails')
    const sent = mails.filter(({ state }) => state === 'sent').map(({ id }) => id)
    const delivered = sendgrid.mails.map(({ customArgs }) => customArgs['latchkeyMailId'])
    const { changes, unanswered, defects } = chronicle
    process.stderr.write(
      `M6: ${ROUNDS} kills survived; ${changes} changes answered, ${unanswered} requests not; ${mails.length} mails queued, ` +
        `${sent.length} sent, ${new Set(delivered).size} delivered (${delivered.length - new Set(delivered).size} twice)\n`,
    )
    expect(defects).toEqual([])
    expect(await findViolations(pool)).toEqual([])
    expect(mails.filter(({ state }) => state === 'failed')).toEqual([])
    expect(sent.filter((id) => !delivered.includes(id))).toEqual([])
    expect(chronicle.honoured.size).toBeGreaterThan(0)
    expect(unanswered).toBeGreaterThan(0)
  },
  60_000 + ROUNDS * 20_000,
)
