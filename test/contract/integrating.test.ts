import { spawn, spawnSync } from 'node:child_process'
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { importPKCS8, SignJWT, UnsecuredJWT } from 'jose'
import { rotateSigningKey } from '../../src/domain/key-rotation/rotate-signing-key.ts'
import { JWKS_CACHE_SECONDS } from '../../src/keys/key-lifetimes.ts'
import { claimsOf } from '../support/jwks.ts'
import { startListeningApp } from '../support/listening-app.ts'
import { registerClient } from '../support/service-clients.ts'
import { temporaryFolder } from '../support/temporary-folders.ts'

/** Runs each program of docs/integrating.md, unchanged, against the service on a real port. */
const ROOT = path.join(import.meta.dirname, '../..')
const document = await readFile(path.join(ROOT, 'docs/integrating.md'), 'utf8')
const { url, deps, people } = await startListeningApp()
const folder = await temporaryFolder('latchkey-integrating-')
afterAll(() => rm(folder, { recursive: true, force: true }))

async function extract(name: string): Promise<string> {
  const [, program] =
    new RegExp(`<!-- ${name.replace('.', '\\.')} -->\n\`\`\`\\w+\n([\\s\\S]*?)\`\`\``).exec(document) ?? []
  if (program === undefined) throw new Error(`docs/integrating.md has no ${name}`)
  const file = path.join(folder, name)
  await mkdir(folder, { recursive: true })
  await writeFile(file, program)
  return file
}

interface Run {
  readonly exitCode: number | null
  readonly stdout: string
}

/** Does not block this process, which has to answer the requests of the program. */
function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(command, args, { cwd: folder, env: { PATH, HOME, ISSUER: url, ...env } })
  let stdout = ''
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk)
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode) => resolve({ exitCode, stdout: stdout.trim() }))
  })
}

const ada = await people.verified()
const genuine = claimsOf(ada.token)

/** Tokens that the service's own key has signed, and that must not be trusted nevertheless. */
async function forged(header: object, claims: object): Promise<string> {
  const { privatePem, kid } = deps.keys.signingKey()
  const key = await importPKCS8(privatePem, 'ES256')
  const protectedHeader = { alg: 'ES256', typ: 'at+jwt', kid, ...header }
  return new SignJWT({ ...genuine, ...claims }).setProtectedHeader(protectedHeader).sign(key)
}

async function expectToVerify(verify: (token: string) => Promise<Run>): Promise<void> {
  const renewed = await afterRotation()
  const seconds = Math.floor(deps.clock.now().getTime() / 1000)
  const untrustworthy = {
    'typ JWT': await forged({ typ: 'JWT' }, {}),
    'another issuer': await forged({}, { iss: 'https://evil.example' }),
    'another audience': await forged({}, { aud: 'https://evil.example' }),
    expired: await forged({}, { exp: seconds - 60 }),
    'no expiry': await forged({}, { exp: undefined }),
    'alg none': new UnsecuredJWT(genuine).encode(),
    'another signature': `${ada.token.slice(0, -10)}${'A'.repeat(10)}`,
    'a refresh token': ada.tokens.refreshToken,
  }

  expect(await verify(ada.token)).toEqual({ exitCode: 0, stdout: genuine.sub })
  expect(await verify(renewed)).toEqual({ exitCode: 0, stdout: genuine.sub })
  for (const [what, token] of Object.entries(untrustworthy)) {
    const { exitCode, stdout } = await verify(token)
    expect({ what, isRefused: exitCode !== 0, stdout }).toEqual({ what, isRefused: true, stdout: '' })
  }
}

/** A token that another key has signed than the first one; both are valid. */
async function afterRotation(): Promise<string> {
  await rotateSigningKey(deps, {
    algorithm: undefined,
    isCompromised: false,
    by: { actor: { operator: 'ada' }, origin: null },
  })
  await deps.keys.load()
  return (await ada.logIn()).token
}

/** Skips a test, with a message, if its language or library is not installed. */
function testIf(reason: string | null): typeof test {
  if (reason === null) return test
  process.stderr.write(`\nSKIPPED in test/contract/integrating.test.ts: ${reason}\n`)
  return test.skip as typeof test
}

function lacks(command: string, args: readonly string[], reason: string, env: Record<string, string> = {}) {
  const { status } = spawnSync(command, args, { env: { ...process.env, ...env }, cwd: tmpdir() })
  return status === 0 ? null : reason
}

test('the Node program verifies our tokens and refuses tokens that must not be trusted', async () => {
  const program = await extract('verify.mjs')
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules')).catch(() => undefined)

  await expectToVerify((token) => run(process.execPath, [program, token]))
}, 120_000)

const python = process.env.PYTHON ?? 'python3'
const hasPyJwt = 'import jwt, cryptography; assert tuple(map(int, jwt.__version__.split(".")[:2])) >= (2, 14)'
const noPython = lacks(python, ['-c', hasPyJwt], `the Python program: ${python} has no "pyjwt[crypto]>=2.14"`)

testIf(noPython)(
  'the Python program verifies our tokens and refuses tokens that must not be trusted',
  async () => {
    const program = await extract('verify.py')

    await expectToVerify((token) => run(python, [program, token]))
  },
  120_000,
)

const GO_MODULES = [...document.matchAll(/(github\.com\/\S+)@(v[\d.]+)/g)].map(
  ([, name, version]) => `${name} ${version}`,
)
const OFFLINE = { GOPROXY: 'off', GOFLAGS: '-mod=mod', GONOSUMDB: '*', GOSUMDB: 'off' }
const goProject = path.join(folder, 'go')
const noGo = await buildGo()

/** Builds the program once, from modules that are on this machine already. Null if that works, otherwise the reason. */
async function buildGo(): Promise<string | null> {
  const noCompiler = lacks('go', ['version'], 'the Go program: there is no go')
  if (noCompiler !== null) return noCompiler
  await mkdir(goProject, { recursive: true })
  await cp(await extract('verify.go'), path.join(goProject, 'main.go'))
  await writeFile(
    path.join(goProject, 'go.mod'),
    `module verify\n\ngo 1.24\n\nrequire (\n${GO_MODULES.join('\n')}\n)\n`,
  )
  const built = spawnSync('go', ['build', '-o', 'verify', '.'], {
    cwd: goProject,
    env: { ...process.env, ...OFFLINE },
    encoding: 'utf8',
  })
  return built.status === 0
    ? null
    : `the Go program: its modules are not on this machine (${built.stderr.trim().split('\n')[0]})`
}

testIf(noGo)(
  'the Go program verifies our tokens and refuses tokens that must not be trusted',
  async () => {
    await expectToVerify((token) => run(path.join(goProject, 'verify'), [token]))
  },
  120_000,
)

test('no program keeps the keys for longer than the service says', () => {
  const seconds = [/cacheMaxAge: (\d+)_000/, /lifespan=(\d+)/].map((pattern) => Number(pattern.exec(document)?.[1]))
  const minutes = Number(/RefreshInterval: (\d+) \* time\.Minute/.exec(document)?.[1])

  expect([...seconds, minutes * 60]).toEqual([JWKS_CACHE_SECONDS, JWKS_CACHE_SECONDS, JWKS_CACHE_SECONDS])
})

test('the shell lines sign in as a service and introspect', async () => {
  const { id, secret } = await registerClient(deps, 'tokens:introspect')
  const program = await extract('introspect.sh')

  const env = { CLIENT_ID: id, CLIENT_SECRET: secret, TOKEN: ada.token }
  const { stdout } = await run('bash', ['-e', program], env)

  expect(JSON.parse(stdout)).toMatchObject({ active: true, token_use: 'access_token', sub: genuine.sub })
})
