import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import { ConfigError } from '../config/environment.ts'
import { PlainPassword } from '../security/plain-password.ts'
import type { BreachList } from './breach-list.ts'
import { WELL_KNOWN_PASSWORD } from './well-known-password.ts'

/** A response that takes longer than this counts as an outage, because a person is waiting. */
const LONGEST_WAIT_MS = 1_500
/** A padded range has about 60 kB. */
const LONGEST_ANSWER_BYTES = 1024 * 1024
const PREFIX_LENGTH = 5
/** Lines with the other 35 digits of a SHA-1 hash, or nothing at all for a range without hashes. */
const RANGE = /^(?:[0-9A-Fa-f]{35}:\d+\s*)*$/

/** The server responds, but not in the form of a range service. */
class NotARange extends Error {}

/**
 * The range protocol of Have I Been Pwned. The service learns the first five hexadecimal digits of the password's SHA-1
 * hash, which a million passwords share, and returns all hashes it knows that begin with them. The response is padded,
 * because its length would reveal to an eavesdropper which range was requested. The beginning and the end of an outage
 * are logged.
 */
export function createRangeService(baseUrl: string, log: Logger): BreachList {
  const base = new URL(baseUrl).pathname === '/' ? `${baseUrl}/range` : baseUrl
  let isOut = false

  async function isListed(password: PlainPassword): Promise<boolean> {
    const digest = createHash('sha1').update(password.reveal(), 'utf8').digest('hex').toUpperCase()
    const range = await fetchRange(`${base}/${digest.slice(0, PREFIX_LENGTH)}`)
    if (isOut) log.info('the breach list can be reached again')
    isOut = false
    return hasSuffix(range, digest.slice(PREFIX_LENGTH))
  }

  function reportOutage(error: unknown): void {
    if (!isOut)
      log.error({ reason: reasonOf(error) }, 'the breach list cannot be reached; passwords are accepted without it')
    isOut = true
  }

  return {
    async contains(password) {
      try {
        return await isListed(password)
      } catch (error) {
        reportOutage(error)
        return false
      }
    },
    async assertWorks() {
      try {
        if (await isListed(new PlainPassword(WELL_KNOWN_PASSWORD))) return
        log.warn('the breach list lacks the most common passwords: it may be incomplete')
      } catch (error) {
        if (error instanceof NotARange) {
          throw new ConfigError(
            `BREACH_LIST: the server at ${new URL(base).host} does not answer as a range service does.`,
          )
        }
        reportOutage(error)
      }
    },
  }
}

async function fetchRange(url: string): Promise<string> {
  const response = await fetch(url, {
    headers: { 'Add-Padding': 'true', 'User-Agent': 'latchkey' },
    redirect: 'error',
    signal: AbortSignal.timeout(LONGEST_WAIT_MS),
  })
  if (response.status !== 200 || !response.body) throw new Error(`the server answered ${response.status}`)
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body) {
    chunks.push(chunk)
    length += chunk.length
    if (length > LONGEST_ANSWER_BYTES) throw new Error('the response is too long')
  }
  const range = Buffer.concat(chunks).toString('latin1')
  if (!RANGE.test(range)) throw new NotARange('its answer is not a range')
  return range
}

/** Lines of `suffix:count`. Padding has the count 0. */
function hasSuffix(range: string, suffix: string): boolean {
  return range.split('\n').some((line) => {
    const [found, count] = line.trim().split(':')
    return found?.toUpperCase() === suffix && count !== '0'
  })
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return error.name === 'TimeoutError' ? `no answer within ${LONGEST_WAIT_MS} ms` : error.message
}
