import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'

/** The user PostgreSQL runs as: ourselves, or a lesser one where we are root, which PostgreSQL refuses to be. */
export interface ServerUser {
  uid: number
  gid: number
}

interface Outcome {
  ok: boolean
  output: string
}

/** Everything a PostgreSQL program is given: no PG* variable may redirect it, and no secret of ours may reach it. */
export const CHILD_ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' }

/** Whom to run PostgreSQL as. A database that exists already keeps its owner instead, see cluster.ts. */
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

/** Runs a program to its end. It never throws: a program that cannot be started at all is a failed outcome too. */
export function runAs(user: ServerUser, program: string, args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    let output = ''
    // In '/', because our own working directory may be closed to that user.
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

/** The one line of a program's output or log that says what went wrong: the first, since others follow from it. */
export function tellingLine(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !NOISE.test(line))
  const line = lines.find((each) => COMPLAINT.test(each)) ?? lines.at(-1) ?? 'nothing was written, as on a full disk'
  return line.replace(/^.*?\b(?=(FATAL|PANIC|error|ERROR): )/, '').trim()
}

const COMPLAINT = /\b(FATAL|PANIC|error|ERROR): /
/** Said to clients while a server starts or stops, the one before it too; and a line that a full disk cut off. */
const NOISE = /the database system is |terminating .* due to administrator command|\b(FATAL|PANIC|LOG):\s*$/

export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return String(error.code)
}
