import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from '@jest/globals'
import { buildService } from '../support/service-process.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
const folder = await mkdtemp(join(tmpdir(), 'latchkey-tour-'))
const PORT = 20_000 + (process.pid % 20_000)
await buildService() // the program would build by itself, at the same time as other test files
const service = spawn(process.execPath, [join(ROOT, 'bin/latchkey.cjs'), 'serve'], {
  cwd: folder,
  env: { ...process.env, NODE_ENV: 'development', PORT: String(PORT), DATA_DIR: './data', NODE_OPTIONS: '' },
  stdio: ['ignore', 'pipe', 'pipe'],
})
const output: string[] = []
const hasEnded = new Promise<void>((resolve) => service.once('exit', () => resolve()))
await new Promise<void>((resolve, reject) => {
  service.stdout.on('data', (chunk) => {
    output.push(String(chunk))
    if (String(chunk).includes('"msg":"ready"')) resolve()
  })
  service.stderr.on('data', (chunk) => output.push(String(chunk)))
  void hasEnded.then(() => reject(new Error(`the service did not start: ${output.join('')}`)))
})

afterAll(async () => {
  service.kill('SIGTERM')
  await hasEnded
  await rm(folder, { recursive: true, force: true })
})

test('the tour of the README works unchanged, including the mails', () => {
  const lines = [...readme.matchAll(/<!-- tour -->\n```sh\n([\s\S]*?)```/g)].map((block) => block[1]).join('\n')
  const tour = lines.replace('http://127.0.0.1:3000', `http://127.0.0.1:${PORT}`)

  const { stdout, stderr } = spawnSync('bash', ['-s'], { cwd: folder, input: tour, encoding: 'utf8', timeout: 60_000 })

  expect(stderr).toBe('')
  expect(stdout.trim().split('\n').map(withoutChance)).toEqual([
    expect.stringContaining('{"status":"verification_sent","receipt":"'),
    '{"email":"ada@example.com"}',
    expect.stringContaining('"email":"ada@example.com","emailVerified":true'),
    expect.stringContaining('{"pendingEmail":"ada@new.example","expiresAt":'),
    '{"email":"ada@new.example"}',
    '{"email":"ada@example.com","outcome":"restored"}',
    expect.stringContaining('"code":"password_policy"'),
    '',
    'Bearer',
    '{"status":"accepted","receipt":"…"}',
    '{"status":"accepted","receipt":"…"}',
  ])
}, 90_000)

function withoutChance(line: string): string {
  return line.replace(/"receipt":"[0-9A-Z-]{14}"/, '"receipt":"…"')
}
