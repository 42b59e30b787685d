import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { listenLocally } from './local-server.ts'

export type RangeFailure = 'hang' | 'drop' | 'error' | 'redirect' | 'endless' | 'trickle'

export interface RangeService {
  readonly url: string
  /** The requests it received: path and query, and the header that matters. */
  readonly requests: Array<{ path: string; padding: string | undefined }>
  failWith(failure: RangeFailure): void
  recover(): void
  close(): Promise<void>
}

/** The range service of Have I Been Pwned on a local port. It knows these passwords, and can be told to fail. */
export async function startRangeService(breached: readonly string[]): Promise<RangeService> {
  const known = breached.map(sha1)
  const requests: RangeService['requests'] = []
  let failure: RangeFailure | undefined

  const server = createServer((request, response) => {
    requests.push({ path: request.url ?? '', padding: request.headers['add-padding']?.toString() })
    if (failure === 'hang') return
    else if (failure === 'drop') request.socket.destroy()
    else if (failure === 'error') response.writeHead(500).end('Internal error')
    else if (failure === 'redirect') response.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end()
    else if (failure === 'endless') void streamForever(response)
    else if (failure === 'trickle') setInterval(() => response.write('0'), 200).unref()
    else answer(request.url ?? '', response)
  })

  function answer(url: string, response: ServerResponse): void {
    const prefix = /^\/range\/([0-9A-F]{5})$/.exec(url)?.[1]
    if (!prefix) {
      response.writeHead(400).end('The hash prefix was not in a valid format')
      return
    }
    const found = known.filter((hash) => hash.startsWith(prefix)).map((hash) => `${hash.slice(5)}:42`)
    response.writeHead(200, { 'Content-Type': 'text/plain' }).end([...found, ...padding(prefix)].join('\r\n'))
  }
  const { url, close } = await listenLocally(server)
  return {
    url,
    requests,
    failWith(wanted) {
      failure = wanted
    },
    recover() {
      failure = undefined
    },
    close,
  }
}

/** The answer has this password as padding only, so it counts as unknown. */
export const ONLY_PADDING = 'Only-Padding-99'

export function sha1(password: string): string {
  return createHash('sha1').update(password).digest('hex').toUpperCase()
}

function padding(prefix: string): string[] {
  const hash = sha1(ONLY_PADDING)
  return ['0'.repeat(35), ...(hash.startsWith(prefix) ? [hash.slice(5)] : [])].map((suffix) => `${suffix}:0`)
}

async function streamForever(response: NodeJS.WritableStream & { destroyed?: boolean }): Promise<void> {
  const block = Buffer.alloc(256 * 1024, '0')
  while (!response.destroyed) {
    if (!response.write(block)) await Promise.race([once(response, 'drain'), once(response, 'close')])
  }
}
