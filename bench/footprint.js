// Measures the time from start to ready on an initialised folder, and the memory of the idle service without its database:
// `npm run build && node bench/footprint.js`. Run it on an otherwise idle machine, and compare figures of one machine only.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { BIN, residentMegabytes } from './service.js'

const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-footprint-'))

async function start() {
  const began = performance.now()
  const service = spawn(process.execPath, ['--max-semi-space-size=4', BIN, 'serve'], {
    env: { ...process.env, NODE_ENV: 'development', PORT: '0', DATA_DIR: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const chunk of service.stdout.iterator({ destroyOnReturn: false })) {
    if (String(chunk).includes('"msg":"ready"')) break
  }
  service.stdout.resume()
  return { service, ms: Math.round(performance.now() - began) }
}

async function stop(service) {
  service.kill('SIGTERM')
  await once(service, 'exit')
}

const first = await start()
await stop(first.service)
const starts = []
for (let round = 0; round < 5; round += 1) {
  const { service, ms } = await start()
  starts.push(ms)
  if (round === 4) {
    await wait(10_000)
    process.stdout.write(`idle memory without the database: ${await residentMegabytes(service.pid)} MB\n`)
  }
  await stop(service)
}
starts.sort((one, other) => one - other)
process.stdout.write(
  `start to ready: first (database made) ${first.ms} ms, then median ${starts[2]} ms of ${starts.join(', ')}\n`,
)
await rm(folder, { recursive: true, force: true })
