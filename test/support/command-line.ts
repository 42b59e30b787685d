import { spawn, spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { afterAll } from '@jest/globals'

const ROOT = path.join(import.meta.dirname, '../..')

export interface CommandResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CommandLine {
  run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<CommandResult>
  /** Kills the command as the kernel would as soon as `isTime`, unless it has ended before. */
  runUntil(
    isTime: () => Promise<boolean>,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<CommandResult>
}

/** `latchkey …` as operators run it, a process of its own; from a build of its own, beside other test files that build. */
export function buildCommandLine(): CommandLine {
  const folder = path.join(ROOT, `.test-build-${process.pid}`)
  const built = spawnSync(
    process.execPath,
    [
      path.join(ROOT, 'node_modules/typescript/bin/tsc'),
      '-p',
      path.join(ROOT, 'tsconfig.build.json'),
      '--outDir',
      folder,
    ],
    { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
  )
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  if (built.status !== 0) throw new Error(built.stdout)

  function start(args: readonly string[], env: Readonly<Record<string, string>>) {
    const { PATH = '' } = process.env
    const child = spawn(process.execPath, [path.join(folder, 'main.js'), ...args], { env: { PATH, ...env } })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => {
      stdout += String(chunk)
    })
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk)
    })
    const result = new Promise<CommandResult>((resolve) =>
      child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr })),
    )
    return { child, result }
  }

  return {
    run: (args, env) => start(args, env).result,
    async runUntil(isTime, args, env) {
      const { child, result } = start(args, env)
      while (child.exitCode === null && !(await isTime())) await new Promise((resolve) => setTimeout(resolve, 5))
      child.kill('SIGKILL')
      return result
    },
  }
}
