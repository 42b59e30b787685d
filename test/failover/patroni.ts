import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type pg from 'pg'
import { migrate } from '../../src/database/migrate.ts'
import { mailSlots } from '../../src/worker/mail-lanes.ts'
import { findViolations } from '../support/invariants.ts'
import { type AcceptedMail, type SendgridStandIn, startSendgridStandIn } from '../support/sendgrid-stand-in.ts'
import { type ServiceProcess, serviceProcess } from '../support/service-process.ts'
import { serviceSettings } from '../support/service-settings.ts'
import { type Chronicle, startCustomers } from '../support/survivor.ts'
import { until } from '../support/until.ts'
import { type Node, type PatroniCluster, startPatroniCluster } from './patroni-cluster.ts'
import { missingPrograms } from './patroni-programs.ts'
import { Witness } from './witness.ts'

/** `npm run test:failover`. Not part of `npm test`, because Patroni notices a dead primary after some twenty seconds only. */
const missing = await missingPrograms()
const testWithPatroni = missing.length === 0 ? test : test.skip
if (missing.length > 0) process.stderr.write(`SKIPPED: no fail-over without ${missing.join(', ')}\n`)

const CUSTOMERS_AT_ONCE = 6
const DEEDS_OF_EACH = 6
/** A mail that is being sent while the database goes away may be sent again: docs/architecture.md. */
const MAILS_AT_ONCE = Object.values(mailSlots).reduce((sum, slots) => sum + slots)
/** Generous: it is mostly under a second. */
const LONGEST_RECOVERY_MS = 10_000

let cluster: PatroniCluster
let sendgrid: SendgridStandIn
let service: ServiceProcess
beforeAll(async () => {
  if (missing.length > 0) return
  sendgrid = await startSendgridStandIn()
  cluster = await startPatroniCluster()
  await migrate(cluster.url)
  const settings = { ...serviceSettings(cluster.url, sendgrid), LOG_LEVEL: 'warn', TRUST_PROXY: '127.0.0.1' }
  service = await serviceProcess(settings)
  await service.start()
}, 120_000)
afterAll(async () => {
  await service?.terminate()
  await cluster?.discard()
  await sendgrid?.close()
}, 60_000)

let isFinished = true
beforeEach(() => {
  isFinished = false
})
afterEach(async () => {
  if (!isFinished) process.stderr.write(await whatItWaitsFor())
})

/** Without this, a test that takes too long says nothing of the cause. */
async function whatItWaitsFor(): Promise<string> {
  const states = 'SELECT state, count(*)::int AS mails FROM mails GROUP BY state'
  const jobs =
    'SELECT id, task_identifier, attempts, run_at, locked_at, locked_by, last_error FROM graphile_worker.jobs'
  const rows = async (sql: string) => JSON.stringify(await cluster.query(sql).catch(String))
  const log = service.log.join('').split('\n').slice(-60).join('\n')
  return `mails: ${await rows(states)}\njobs: ${await rows(jobs)}\nthe end of the service's log:\n${log}\n`
}

/** For `findViolations`, which only queries. */
const database = {
  query: async (sql: string) => ({ rows: await cluster.query(sql) }),
} as unknown as pg.Pool

const mailIdOf = ({ customArgs }: AcceptedMail) => customArgs['latchkeyMailId']

interface Load {
  readonly chronicle: Chronicle
  readonly witness: Witness
  readonly sentTwiceBefore: number
  /** Waits until this many more changes have been answered. */
  more(changes: number): Promise<void>
  end(): Promise<void>
}

/** Customers who register and change their passwords and addresses, and a person who signs in all the time. */
async function startLoad(): Promise<Load> {
  const sentTwiceBefore = sendgrid.mails.length - new Set(sendgrid.mails.map(mailIdOf)).size
  const witness = await Witness.register(service.url, sendgrid)
  const { chronicle, finish } = startCustomers(
    { url: service.url, sendgrid, onAnswer: (path, answer) => witness.note(path, answer) },
    {
      atOnce: CUSTOMERS_AT_ONCE,
      deedsOfEach: DEEDS_OF_EACH,
      countMails: async (sql, values) => Number((await cluster.query(sql, values))[0]?.['mails']),
    },
  )
  const watching = witness.watch(() => chronicle.isOver)
  return {
    chronicle,
    witness,
    sentTwiceBefore,
    async more(changes) {
      const before = chronicle.changes
      await until(() => chronicle.changes >= before + changes)
    },
    async end() {
      await finish()
      await watching
    },
  }
}

/** When another node than this one has become the primary. */
async function promotionAfter(former: Node): Promise<number> {
  await until(async () => (await cluster.primary()) !== former)
  return Date.now()
}

async function expectNothingLost(load: Load): Promise<void> {
  const { chronicle, witness } = load
  const mails = await cluster.query('SELECT id, state, reason FROM mails')
  const sent = mails.filter(({ state }) => state === 'sent').map(({ id }) => id)
  const delivered = sendgrid.mails.map(mailIdOf)
  const twice = delivered.length - new Set(delivered).size - load.sentTwiceBefore
  process.stderr.write(
    `  ${chronicle.changes} changes answered, ${chronicle.unanswered} requests not; ${witness.summary()}; ` +
      `${mails.length} mails requested, ${sent.length} sent, ${twice} of them twice\n`,
  )
  // A person may request more mails than one address gets, or a link that they no longer need when its turn comes.
  const unsent = mails.filter(({ state }) => !['sent', 'held_back', 'not_needed'].includes(String(state)))
  expect(chronicle.defects).toEqual([])
  expect(await witness.lost((sql, values) => cluster.query(sql, values))).toEqual([])
  expect(await findViolations(database)).toEqual([])
  expect(unsent).toEqual([])
  expect(sent.filter((id) => !delivered.includes(String(id)))).toEqual([])
  expect(twice).toBeLessThanOrEqual(MAILS_AT_ONCE)
}

testWithPatroni(
  'when the primary dies, the service goes on with the promoted standby, and nothing that was answered is lost',
  async () => {
    const load = await startLoad()
    await load.more(12)
    const former = await cluster.primary()

    await cluster.kill(former)
    const killed = Date.now()
    const promoted = await promotionAfter(former)
    const recovered = await load.witness.firstSuccessAfter(killed)
    await load.more(12)
    cluster.start(former)
    await until(() => cluster.hasPrimaryAndSynchronousStandby())
    await load.end()

    process.stderr.write(
      `Fail-over: promoted ${promoted - killed} ms after the kill, first sign-in ${recovered - promoted} ms after that\n`,
    )
    await expectNothingLost(load)
    expect(load.witness.outcomes()).toEqual(['200', '503 with Retry-After'])
    expect(await cluster.primary()).not.toBe(former)
    expect(recovered - promoted).toBeLessThan(LONGEST_RECOVERY_MS)
    isFinished = true
  },
  180_000,
)

testWithPatroni(
  'when the primary is switched over under load, the service follows it, and nothing that was answered is lost',
  async () => {
    const load = await startLoad()
    await load.more(12)
    const former = await cluster.primary()

    const began = Date.now()
    await cluster.switchOver(former)
    await promotionAfter(former)
    await load.more(12)
    await until(() => cluster.hasPrimaryAndSynchronousStandby())
    await load.end()

    process.stderr.write(`Switchover: no sign-in succeeded for ${load.witness.longestGapSince(began)} ms\n`)
    await expectNothingLost(load)
    expect(['200', '503 with Retry-After']).toEqual(expect.arrayContaining(load.witness.outcomes()))
    expect(await cluster.primary()).not.toBe(former)
    isFinished = true
  },
  120_000,
)
