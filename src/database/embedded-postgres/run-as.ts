import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'

/**
 * The user that PostgreSQL runs as: the current user, or an unprivileged user if the current user is root, because
 * PostgreSQL refuses to run as root.
 */
export interface ServerUser {
  uid: number
  gid: number
}

interface Outcome {
  ok: boolean
  output: string
}

/**
 * The whole environment of a PostgreSQL program. No PG* variable may redirect it, and it must not see the secrets of
 * the service.
 */
export const CHILD_ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' }

/** Finds the user for a new cluster. An existing cluster keeps its owner: see cluster.ts. */
export async function serverUser(): Promise<ServerUser> {
  const [uid, gid] = [process.getuid?.(), process.getgid?.()]
  if (uid === undefined || gid === undefined) {
    throw new Error(`There is no embedded PostgreSQL for ${process.platform}: set DATABASE_URL`)
  }
  if (uid !== 0) return { uid, gid }
  const users = await readFile('/etc/passwd', 'utf8')
  for (const name of ['postgres', 'nobody']) {
    const [, , itsUid, itsGid] = users.match(new RegExp(`^${name}:.*$`, 'm'))?.[0].split(':') ?? []
    if (itsUid && itsGid) return { uid: Number(itsUid), gid: Number(itsGid) }
  }
  throw new Error(
    'PostgreSQL refuses to run as root, and there is no user postgres or nobody: run as another user or set DATABASE_URL',
  )
}

/** Runs a program to its end. It never throws: if the program cannot be started, `ok` is false. */
export function runAs(user: ServerUser, program: string, args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    let output = ''
    // It runs in '/', because that user may not be able to enter the current working directory.
    const child = spawn(program, args, { ...user, cwd: '/', env: CHILD_ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    child.on('error', (error) => resolve({ ok: false, output: error.message }))
    child.on('close', (code) => resolve({ ok: code === 0, output }))
  })
}

/**
 * Finds the line of a program's output or log that says what went wrong. It is the first error, because later ones
 * follow from it.
 */
export function errorLine(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !NOISE.test(line))
  const line =
    lines.find((each) => ERROR_LEVEL.test(each)) ?? lines.at(-1) ?? 'there is no output; the disk may be full'
  return line.replace(/^.*?\b(?=(FATAL|PANIC|error|ERROR): )/, '').trim()
}

const ERROR_LEVEL = /\b(FATAL|PANIC|error|ERROR): /
/**
 * Lines that a server writes for its clients while it starts or stops, and lines that were cut off because the disk is
 * full.
 */
const NOISE = /the database system is |terminating .* due to administrator command|\b(FATAL|PANIC|LOG):\s*$/

export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return String(error.code)
}
