import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { query } from '../support/embedded-server.ts'
import { startSendgridStandIn } from '../support/sendgrid-stand-in.ts'
import { serviceProcess } from '../support/service-process.ts'
import { serviceSettings } from '../support/service-settings.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { until } from '../support/until.ts'

/** At its end, a process names the packages that it has loaded, and counts the large modules that it has compiled. */
const REPORT = `
  let large = 0
  WebAssembly.Module = class extends WebAssembly.Module {
    constructor(bytes) {
      super(bytes)
      if (bytes.length > 1_000_000) large += 1
    }
  }
  process.on('exit', () => {
    const files = Object.keys(require('module')._cache).join(' ')
    const names = [...files.matchAll(/node_modules.((?:@[^/\\\\]+.)?[^/\\\\]+)/g)].map(([, name]) => name.replace('\\\\', '/'))
    console.error('REPORT ' + JSON.stringify({ packages: [...new Set(names)], large }))
  })`
const TASKS = ['rotate_signing_keys', 'purge_expired', 'purge_audit_trail', 'add_partitions', 'seal_imported_hashes']
const FOR_THE_DESCRIPTION = ['@fastify/swagger', '@fastify/swagger-ui', 'yaml']

const database = await createTestDatabase()
const sendgrid = await startSendgridStandIn()
const folder = await mkdtemp(join(tmpdir(), 'latchkey-idle-'))
const preload = join(folder, 'report.cjs')
await writeFile(preload, REPORT)
const settings = { ...serviceSettings(database.url, sendgrid), NODE_OPTIONS: `--require ${preload}` }
const service = await serviceProcess(settings)

afterAll(async () => {
  await service.kill()
  await sendgrid.close()
  await database.drop()
  await rm(folder, { recursive: true })
})

/** Runs a process until `work` is done. @returns what it reports at its end. */
async function reportAfter(work: () => Promise<void>): Promise<{ packages: string[]; large: number }> {
  service.log.length = 0
  const child = service.launch()
  await until(() => service.log.join('').includes('"msg":"ready"'))
  await work()
  child.kill('SIGINT') // SIGTERM would give load balancers two seconds
  await once(child, 'close')
  const line = /^REPORT (.*)$/m.exec(service.log.join(''))?.[1]
  return JSON.parse(line ?? '{}')
}

async function runEveryTask(): Promise<void> {
  for (const task of TASKS) await query(database.url, `SELECT graphile_worker.add_job('${task}')`)
  await until(async () => (await query(database.url, 'SELECT FROM graphile_worker.jobs')).length === 0)
}

test('a process without work loads neither Prisma’s query compiler nor what describes the API', async () => {
  const first = await reportAfter(async () => undefined) // it creates the keys

  const idle = await reportAfter(runEveryTask)
  const used = await reportAfter(async () => {
    expect((await fetch(`${service.url}/openapi.yaml`)).status).toBe(200)
    expect((await fetch(`${service.url}/docs`)).status).toBe(200)
    const body = JSON.stringify({ email: 'ada@example.com', password: 'Correct-Horse-7' })
    const headers = { 'content-type': 'application/json' }
    expect((await fetch(`${service.url}/v1/register`, { method: 'POST', headers, body })).status).toBe(202)
    await until(() => sendgrid.mails.length > 0)
  })

  expect(first.large).toBe(1)
  expect(idle.large).toBe(0)
  expect(used.large).toBe(1)
  expect(idle.packages).toContain('fastify')
  expect(idle.packages.filter((name) => FOR_THE_DESCRIPTION.includes(name))).toEqual([])
  expect(used.packages).toEqual(expect.arrayContaining(FOR_THE_DESCRIPTION))
}, 60_000)
