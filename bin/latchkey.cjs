#!/usr/bin/env -S node --max-semi-space-size=4
// A small young generation keeps an idle service 40 MB smaller; there is little garbage between two password hashes.
// CommonJS on purpose: libuv reads the size of its thread pool at its first use, and loading ES modules uses it.
// bcrypt works in that pool, as wide as the cores; DNS and file access need threads of their own.
const { availableParallelism } = require('node:os')
process.env.UV_THREADPOOL_SIZE ??= String(availableParallelism() + 2)

const { spawnSync } = require('node:child_process')
const { existsSync, readdirSync, statSync } = require('node:fs')
const { join } = require('node:path')

const root = join(__dirname, '..')
const entry = join(root, 'dist', 'main.js')

/** In a checkout the build may be missing or older than its sources; an image has no sources. */
function isStale() {
  if (!existsSync(join(root, 'src'))) return false
  if (!existsSync(entry)) return true
  const built = statSync(entry).mtimeMs
  const sources = readdirSync(join(root, 'src'), { recursive: true }).map((name) => join(root, 'src', name))
  const inputs = sources.filter((path) => /\.(ts|json)$/.test(path) && !path.includes('generated'))
  return [...inputs, join(root, 'prisma', 'schema.prisma'), join(root, 'package.json')].some(
    (path) => statSync(path).mtimeMs > built,
  )
}

if (isStale()) {
  if (process.env.NODE_ENV === 'production') {
    process.stderr.write(
      'dist/ is missing or older than src/. Run "npm ci && npm run build" before starting in production.\n',
    )
    process.exit(1)
  }
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status !== 0) process.exit(status ?? 1)
}
void import(entry) // a failure to load it ends the process with its stack
