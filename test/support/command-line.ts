import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { buildService } from './service-process.ts'

const ROOT = path.join(import.meta.dirname, '../..')

export interface CommandResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

type Environment = Readonly<Record<string, string>>

let last: Promise<unknown> = Promise.resolve()

/**
 * Runs `latchkey …`, the whole program (src/main.ts), in the process of the test. The program reads its arguments and settings
 * from the process and writes its answer there. Commands therefore run one after the other, even if a test starts several.
 */
export function latchkey(args: readonly string[], env: Environment): Promise<CommandResult> {
  const result = last.then(() => runHere(args, env))
  last = result.catch(() => undefined)
  return result
}

/** A program waits for these until it exits. The test goes on. */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const

class Exited extends Error {}

async function runHere(args: readonly string[], env: Environment): Promise<CommandResult> {
  const { argv, env: ownEnv, exit, exitCode: ownExitCode } = process
  const stdout = capture(process.stdout)
  const stderr = capture(process.stderr)
  const listeners = SIGNALS.map((signal) => process.listeners(signal))
  process.argv = [process.execPath, 'latchkey', ...args]
  process.env = { ...env }
  process.exitCode = undefined
  process.exit = (code) => {
    process.exitCode = code ?? process.exitCode
    throw new Exited() // nothing that follows `process.exit` may run
  }
  try {
    await import(`../../src/main.ts?run=${randomUUID()}`) // the query makes it run again; what it imports stays loaded
  } catch (error) {
    if (!(error instanceof Exited)) throw error
  } finally {
    stdout.release()
    stderr.release()
    Object.assign(process, { argv, env: ownEnv, exit })
    SIGNALS.forEach((signal, index) => {
      const added = process.listeners(signal).filter((listener) => !listeners[index]?.includes(listener))
      for (const listener of added) process.off(signal, listener)
    })
  }
  const exitCode = Number(process.exitCode ?? 0)
  process.exitCode = ownExitCode
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() }
}

/** Collects what is written. The stream is no terminal meanwhile, because commands show a progress bar on a terminal. */
function capture(stream: NodeJS.WriteStream): { text(): string; release(): void } {
  const { write, isTTY } = stream
  let text = ''
  stream.write = (chunk: string | Uint8Array) => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
    return true
  }
  stream.isTTY = false
  return { text: () => text, release: () => void Object.assign(stream, { write, isTTY }) }
}

/**
 * Runs `latchkey …` as an operator does, as a process and from the build. This takes a second: use it only for what depends
 * on the process.
 */
export async function latchkeyProcess(args: readonly string[], env: Environment): Promise<CommandResult> {
  return (await start(args, env)).result
}

/** Kills the command with SIGKILL as soon as `isTime` is true, unless it has ended before. */
export async function latchkeyKilledWhen(
  isTime: () => Promise<boolean>,
  args: readonly string[],
  env: Environment,
): Promise<CommandResult> {
  const { child, result } = await start(args, env)
  while (child.exitCode === null && !(await isTime())) await new Promise((resolve) => setTimeout(resolve, 5))
  child.kill('SIGKILL')
  return result
}

async function start(args: readonly string[], env: Environment) {
  await buildService()
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, [path.join(ROOT, 'dist/main.js'), ...args], { env: { PATH, ...env } })
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
