import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { BreachList } from './breach-list.ts'

/** A person is waiting for the form; a list this slow counts as out. */
const PATIENCE_MS = 1_500
/** A padded range is some 60 kB. */
const LONGEST_ANSWER_BYTES = 1024 * 1024
const PREFIX_LENGTH = 5

/**
 * The range protocol of Have I Been Pwned: the service learns five hexadecimal digits of the password's SHA-1, which
 * a million passwords share, and answers all the hashes it knows with them. The answer is padded, or its length would
 * tell a listener which range was asked for. An outage is logged once, and so is its end.
 */
export function createRangeService(baseUrl: string, log: Logger): BreachList {
  const base = new URL(baseUrl).pathname === '/' ? `${baseUrl}/range` : baseUrl
  let isOut = false

  return {
    async contains(password) {
      const digest = createHash('sha1').update(password.reveal(), 'utf8').digest('hex').toUpperCase()
      const suffix = digest.slice(PREFIX_LENGTH)
      try {
        const range = await fetchRange(`${base}/${digest.slice(0, PREFIX_LENGTH)}`)
        if (isOut) log.info('the breach list is back')
        isOut = false
        return hasSuffix(range, suffix)
      } catch (error) {
        if (!isOut) log.error({ reason: reasonOf(error) }, 'the breach list is out: passwords are accepted without it')
        isOut = true
        return false
      }
    },
  }
}

async function fetchRange(url: string): Promise<string> {
  const response = await fetch(url, {
    headers: { 'Add-Padding': 'true', 'User-Agent': 'latchkey' },
    redirect: 'error',
    signal: AbortSignal.timeout(PATIENCE_MS),
  })
  if (response.status !== 200 || !response.body) throw new Error(`it answered ${response.status}`)
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body) {
    chunks.push(chunk)
    length += chunk.length
    if (length > LONGEST_ANSWER_BYTES) throw new Error('its answer has no end')
  }
  return Buffer.concat(chunks).toString('latin1')
}

/** Lines of `suffix:count`; padding has the count 0. */
function hasSuffix(range: string, suffix: string): boolean {
  return range.split('\n').some((line) => {
    const [found, count] = line.trim().split(':')
    return found?.toUpperCase() === suffix && count !== '0'
  })
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return error.name === 'TimeoutError' ? `no answer within ${PATIENCE_MS} ms` : error.message
}
