// `npm run generate`: generates Prisma's client from prisma/schema.prisma. This takes seconds and is part of every test run,
// type check and build, so a client that was generated from the same inputs is kept.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.join(import.meta.dirname, '..')
const CLIENT = path.join(ROOT, 'src/database/generated')
const STAMP = path.join(CLIENT, '.made-from')
const INPUTS = [
  'prisma/schema.prisma',
  'prisma.config.ts',
  'node_modules/prisma/package.json',
  'node_modules/@prisma/client/package.json',
  'scripts/generate.js',
]

const inputs = createHash('sha256')
for (const name of INPUTS) inputs.update(readFileSync(path.join(ROOT, name)))
const fingerprint = inputs.digest('hex')

/** The time of the client is part of the stamp, because Prisma leaves the stamp unchanged when it is run by hand. */
function stampOfClient() {
  return `${fingerprint} ${statSync(path.join(CLIENT, 'client.ts')).mtimeMs}`
}

function isCurrent() {
  try {
    return readFileSync(STAMP, 'utf8') === stampOfClient()
  } catch {
    return false // there is no client yet
  }
}

if (!isCurrent()) {
  // Prisma would download a schema engine, which generating does not use.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true', NODE_OPTIONS: '' }
  const prisma = path.join(ROOT, 'node_modules/prisma/build/index.js')
  const { status } = spawnSync(process.execPath, [prisma, 'generate', '--no-hints'], {
    cwd: ROOT,
    env,
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 1)
  writeFileSync(STAMP, stampOfClient())
}
