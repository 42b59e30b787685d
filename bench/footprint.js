// Start to ready on an initialised folder, and the memory of the idle service without its database:
// `npm run build && node bench/footprint.js`. Figures are one machine's; run it when nothing else runs.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-footprint-'))
const bin = new URL('../bin/latchkey.cjs', import.meta.url).pathname

async function start() {
  const began = performance.now()
  const service = spawn(process.execPath, ['--max-semi-space-size=4', bin, 'serve'], {
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
    const status = await readFile(`/proc/${service.pid}/status`, 'utf8')
    const rss = Math.round((Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1.024) / 1000)
    process.stdout.write(`idle memory without the database: ${rss} MB\n`)
  }
  await stop(service)
}
starts.sort((one, other) => one - other)
process.stdout.write(
  `start to ready: first (database made) ${first.ms} ms, then median ${starts[2]} ms of ${starts.join(', ')}\n`,
)
await rm(folder, { recursive: true, force: true })
