import { setTimeout as sleep } from 'node:timers/promises'
import type { SendgridStandIn } from '../support/sendgrid-stand-in.ts'
import type { ObservedAnswer } from '../support/survivor.ts'
import { until } from '../support/until.ts'

type Query = (sql: string, values: unknown[]) => Promise<Record<string, unknown>[]>

const NO_ANSWER: ObservedAnswer = { status: 0, retryAfter: null, body: null }

interface Observation {
  readonly at: number
  readonly outcome: string
}

/**
 * Writes down what the service has promised: which sessions, addresses and receipts its answers named. It also signs in
 * and refreshes all the time, so that it sees when the service stops answering and when it answers again.
 */
export class Witness {
  readonly #url: string
  readonly #account: { email: string; password: string }
  readonly #observations: Observation[] = []
  readonly #sessions = new Set<string>()
  readonly #rotated: string[] = []
  readonly #addresses = new Set<string>()
  readonly #receipts: string[] = []

  private constructor(url: string, account: { email: string; password: string }) {
    this.#url = url
    this.#account = account
  }

  /** A witness with an account of its own. */
  static async register(url: string, sendgrid: SendgridStandIn): Promise<Witness> {
    const account = { email: `witness.${Date.now()}@example.com`, password: 'Witness-Horse-7' }
    const witness = new Witness(url, account)
    await witness.#send('/v1/register', account)
    let token: string | undefined
    await until(() => {
      const mail = sendgrid.mails.find(({ to }) => to === account.email)
      token = mail && /verify-email#token=([\w-]+)/.exec(mail.text)?.[1]
      return token !== undefined
    })
    await witness.#send('/v1/email/verify', { token })
    return witness
  }

  /** Signs in and refreshes until it is told to end. */
  async watch(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const signedIn = await this.#observe('/v1/login', this.#account)
      if (signedIn.status === 200) {
        const { refreshToken, sessionId } = signedIn.body
        const refreshed = await this.#observe('/v1/token/refresh', { refreshToken })
        if (refreshed.status === 200) this.#rotated.push(sessionId)
      }
      await sleep(50)
    }
  }

  /** Notes what an answer has promised. */
  note(path: string, { status, body }: ObservedAnswer): void {
    if (status >= 300) return
    if (body?.sessionId) this.#sessions.add(body.sessionId)
    if (body?.receipt) this.#receipts.push(body.receipt)
    if (/^\/v1\/email\/(verify|change\/confirm)$/.test(path)) this.#addresses.add(body.email)
  }

  /** What was promised and is not in the database. */
  async lost(query: Query): Promise<string[]> {
    const missing = async (kind: string, wanted: readonly string[], sql: string) => {
      const found = new Set((await query(sql, [wanted])).map(({ it }) => it))
      return wanted.filter((it) => !found.has(it)).map((it) => `${kind} ${it}`)
    }
    return [
      ...(await missing(
        'session',
        [...this.#sessions],
        'SELECT id::text AS it FROM sessions WHERE id = ANY ($1::uuid[])',
      )),
      ...(await missing(
        'refresh of session',
        this.#rotated,
        'SELECT id::text AS it FROM sessions WHERE id = ANY ($1::uuid[]) AND rotated_at > created_at',
      )),
      ...(await missing(
        'address',
        [...this.#addresses].map((address) => address.toLowerCase()),
        'SELECT address AS it FROM addresses WHERE address = ANY ($1)',
      )),
      ...(await missing('receipt', this.#receipts, 'SELECT receipt AS it FROM mails WHERE receipt = ANY ($1)')),
    ]
  }

  /** When a request succeeded that was sent after this moment and after a request that did not. */
  async firstSuccessAfter(moment: number): Promise<number> {
    const find = () => {
      const failure = this.#observations.findIndex(({ at, outcome }) => at > moment && outcome !== '200')
      return failure < 0 ? undefined : this.#observations.slice(failure).find(({ outcome }) => outcome === '200')
    }
    await until(() => find() !== undefined)
    return find()?.at ?? Number.NaN
  }

  /** The longest time between two successes. */
  longestGapSince(moment: number): number {
    const successes = this.#observations.filter(({ at, outcome }) => at > moment && outcome === '200')
    const gaps = successes.map(({ at }, index) => at - (successes[index - 1]?.at ?? moment))
    return Math.max(...gaps)
  }

  /** How requests were answered, each outcome once. */
  outcomes(): string[] {
    return [...new Set(this.#observations.map(({ outcome }) => outcome))].sort()
  }

  summary(): string {
    const promises = [
      `${this.#sessions.size} sessions`,
      `${this.#rotated.length} refreshes`,
      `${this.#addresses.size} addresses`,
      `${this.#receipts.length} receipts`,
    ]
    return `promised ${promises.join(', ')}`
  }

  async #observe(path: string, body: object): Promise<ObservedAnswer> {
    const answer = await this.#send(path, body).catch(() => NO_ANSWER)
    const outcome = answer.retryAfter === null ? String(answer.status) : `${answer.status} with Retry-After`
    this.#observations.push({ at: Date.now(), outcome })
    this.note(path, answer)
    return answer
  }

  async #send(path: string, body: object): Promise<ObservedAnswer> {
    const response = await fetch(this.#url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    })
    const text = await response.text()
    return {
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      body: text === '' ? null : JSON.parse(text),
    }
  }
}
