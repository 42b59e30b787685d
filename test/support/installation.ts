import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import ts from 'typescript'

const ROOT = path.join(import.meta.dirname, '../..')
const PLATFORM_PACKAGE = `@embedded-postgres/${process.platform}-${process.arch}`

/** Starts the database, prints its URL (or why it does not start), and runs until it is told to stop. */
const PROGRAM = `
import { startEmbeddedPostgres } from './dist/database/embedded-postgres.js'
try {
  const server = await startEmbeddedPostgres({ dataDir: process.argv[2], log: console.error })
  console.log(server.url)
  process.stdin.once('data', async () => {
    await server.stop()
    process.exit(0)
  })
} catch (error) {
  console.log('Error: ' + error.message)
  process.exit(1)
}
`

/** Installs the embedded database as a build and `npm ci` would, small enough to be copied anywhere and broken there. */
export async function install(folder: string): Promise<void> {
  for (const name of ['embedded-postgres.ts', ...(await sourcesIn('embedded-postgres'))]) await compile(name, folder)
  for (const name of await withDependencies(['pg', PLATFORM_PACKAGE])) {
    await cp(packageFolder(name), path.join(folder, 'node_modules', name), { recursive: true, verbatimSymlinks: true })
  }
  await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }')
  await writeFile(path.join(folder, 'program.js'), PROGRAM)
  execFileSync('chmod', ['-R', 'a+rX', folder]) // our umask may have closed the folder to the users that the tests try
}

async function sourcesIn(folder: string): Promise<string[]> {
  return (await readdir(path.join(ROOT, 'src/database', folder))).map((name) => path.join(folder, name))
}

async function compile(name: string, folder: string): Promise<void> {
  const source = await readFile(path.join(ROOT, 'src/database', name), 'utf8')
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      rewriteRelativeImportExtensions: true,
    },
  })
  const target = path.join(folder, 'dist/database', name.replace(/\.ts$/, '.js'))
  await mkdir(path.dirname(target), { recursive: true })
  await writeFile(target, outputText)
}

function packageFolder(name: string): string {
  return path.join(ROOT, 'node_modules', name)
}

async function withDependencies(names: string[], found = new Set<string>()): Promise<Set<string>> {
  for (const name of names) {
    if (found.has(name)) continue
    found.add(name)
    const manifest = JSON.parse(await readFile(path.join(packageFolder(name), 'package.json'), 'utf8'))
    await withDependencies(Object.keys(manifest.dependencies ?? {}), found)
  }
  return found
}

interface Program {
  process: ChildProcess
  /** The first line it printed: the URL of the database, or `Error: …`. */
  answer: Promise<string>
  stop(): Promise<number | null>
}

interface ProgramOptions {
  installation: string
  dataDir: string
  /** The user it runs as. Only root can choose another one. */
  uid?: number
  env?: Record<string, string>
}

export function startProgram({ installation, dataDir, uid, env }: ProgramOptions): Program {
  const child = spawn(process.execPath, [path.join(installation, 'program.js'), dataDir], {
    cwd: '/',
    env: { ...env },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve))
  const answer = new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (text: Buffer) => resolve(text.toString().trim()))
    child.on('error', reject)
    child.on('close', () => reject(new Error('the program ended without an answer')))
  })
  answer.catch(() => undefined) // a test that fails before it reads the answer must not end the worker
  return {
    process: child,
    answer,
    stop() {
      child.stdin.write('stop\n')
      return closed
    },
  }
}
