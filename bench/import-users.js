// node bench/import-users.js [ROWS]: measures `latchkey users import`, on an embedded PostgreSQL of its own or on the one that
// DATABASE_URL names. It needs no build: the command builds the service if necessary.
import { spawn } from 'node:child_process'
import { createWriteStream, existsSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

const rows = Number(process.argv[2] ?? 100_000)
const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-import-'))
await chmod(folder, 0o711) // as root, PostgreSQL's own user has to pass
const file = path.join(folder, 'users.ndjson')
await writeRows(file)
try {
  report('dry run', await run('--dry-run'))
  report('import', await run())
  report('again', await run())
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function writeRows(target) {
  const out = createWriteStream(target)
  const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  for (let number = 0; number < rows; number += 1) {
    const tail = Array.from({ length: 53 }, (_, place) => alphabet[(number * 31 + place * 17) % 64]).join('')
    const email = `person.${number}.${process.pid}@example.com`
    const line = JSON.stringify({ email, passwordHash: `$2b$12$${tail}`, emailVerified: number % 3 !== 0 })
    if (!out.write(`${line}\n`)) await new Promise((resolve) => out.once('drain', resolve))
  }
  await new Promise((resolve) => out.end(resolve))
}

/** Runs the command, and reads its peak memory, which Linux records in /proc. */
async function run(...options) {
  const env = { DATA_DIR: folder, ...process.env }
  const command = spawn(process.execPath, ['bin/latchkey.cjs', 'users', 'import', file, '--json', ...options], { env })
  let peakKb = 0
  const watch = setInterval(() => {
    const status = `/proc/${command.pid}/status`
    if (!existsSync(status)) return
    peakKb = Math.max(peakKb, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1] ?? 0))
  }, 50)
  command.stderr.pipe(process.stderr)
  let answer = ''
  for await (const chunk of command.stdout) answer += chunk
  clearInterval(watch)
  return { ...JSON.parse(answer), peakMb: Math.round(peakKb / 1024) }
}

function report(what, { imported, alreadyThere, refused, seconds, peakMb }) {
  const perSecond = Math.round(rows / seconds)
  const counts = `${imported} imported, ${alreadyThere} there already, ${refused} refused`
  process.stdout.write(`${what}: ${counts}; ${seconds} s, ${perSecond} rows/s, peak memory ${peakMb} MB\n`)
}
