// `npm run test:generated-clients [-- LANGUAGE…]`: generates a client in each language from openapi.yaml, compiles it, and runs the
// mission with it against the service. README.md explains the folders.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const ROOT = path.join(import.meta.dirname, '../..')
const DOCUMENT = path.join(ROOT, 'openapi.yaml')
/** What is downloaded is kept for later runs. */
const TOOLS = path.join(ROOT, '.ci/tools/clients')
const PYTHON = path.join(TOOLS, 'python/bin')

/**
 * What each language needs. `install` may fail, without a network or without the language: the language is skipped then. The
 * steps after it must succeed. A generator that says anything on `stderr` has a warning, which fails too.
 */
const LANGUAGES = {
  typescript: {
    install: ['npm ci --no-audit --no-fund --ignore-scripts --prefer-offline'],
    generate: `npx openapi-typescript ${DOCUMENT} --output generated/latchkey.ts`,
    compile: 'npx tsc',
    run: 'node compiled/mission.js',
  },
  python: {
    install: [
      `python3 -m venv ${path.dirname(PYTHON)}`,
      `${PYTHON}/python -m pip install --quiet --disable-pip-version-check -r requirements.txt`,
    ],
    generate: `${PYTHON}/openapi-python-client generate --path ${DOCUMENT} --config generator.yaml --meta none --output-path latchkey_client --fail-on-warning`,
    compile: `${PYTHON}/python -m compileall -q . && ${PYTHON}/mypy --strict --follow-imports silent mission.py`,
    run: `${PYTHON}/python mission.py`,
  },
  go: {
    install: ['go mod download', 'mkdir latchkey'],
    generate: `go tool oapi-codegen -config generator.yaml ${DOCUMENT}`,
    compile: 'go build -o mission . && go vet .',
    run: './mission',
  },
}

const wanted = process.argv.slice(2)
const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-clients-'))
await chmod(folder, 0o711) // PostgreSQL has a user of its own if this runs as root
const service = await startService(path.join(folder, 'data'))
try {
  for (const [name, language] of Object.entries(LANGUAGES)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    await test(name, language)
  }
} finally {
  service.child.kill('SIGTERM')
  if (service.child.exitCode === null) await once(service.child, 'exit')
  await rm(folder, { recursive: true, force: true })
}

async function test(name, { install, generate, compile, run }) {
  const cwd = path.join(folder, name)
  await cp(path.join(import.meta.dirname, name), cwd, { recursive: true })
  await mkdir(TOOLS, { recursive: true })
  for (const command of install) {
    const { status, output } = execute(command, cwd)
    if (status === 0) continue
    say(`${name}: skipped, because \`${command}\` failed: ${output.trim().split('\n').at(-1)}`)
    return
  }
  const began = performance.now()
  for (const command of [generate, compile, run]) {
    const { status, output, errors } = execute(command, cwd)
    const isWarned = command === generate && errors.trim() !== ''
    if (status === 0 && !isWarned) continue
    say(`${name}: \`${command}\` failed\n${output}`)
    process.exitCode = 1
    return
  }
  say(`${name}: generated, compiled, and the mission passed (${Math.round((performance.now() - began) / 1000)} s)`)
}

function execute(command, cwd) {
  const environment = { LATCHKEY_URL: service.url, MAIL_FOLDER: path.join(folder, 'data/mail') }
  const search = `${PYTHON}:${process.env.PATH}` // the generator for Python looks for its formatter there
  const { status, stdout, stderr, error } = spawnSync('bash', ['-c', command], {
    cwd,
    encoding: 'utf8',
    timeout: 180_000,
    env: { ...process.env, ...environment, PATH: search },
  })
  return { status, output: `${stdout}${stderr}${error ?? ''}`, errors: stderr }
}

/** The service as a developer starts it, with an embedded PostgreSQL and mails in files. */
async function startService(dataDir) {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const log = []
  const child = spawn(process.execPath, [path.join(ROOT, 'bin/latchkey.cjs'), 'serve'], {
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: String(port), DATA_DIR: dataDir, BCRYPT_COST: '10' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => log.push(String(chunk)))
  for (;;) {
    const answer = await fetch(`${url}/health/ready`).catch(() => null)
    if (answer?.ok) return { url, child }
    if (child.exitCode !== null) throw new Error(`the service did not start: ${log.join('')}`)
    await sleep(100)
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

function say(text) {
  process.stdout.write(`${text}\n`)
}
