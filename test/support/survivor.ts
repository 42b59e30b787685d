import { setTimeout as sleep } from 'node:timers/promises'
import type { SendgridStandIn } from './sendgrid-stand-in.ts'
import { until } from './until.ts'

/** What all survivors observe together. `defects` are the promises that the service broke. */
export interface Chronicle {
  readonly url: string
  readonly sendgrid: SendgridStandIn
  readonly defects: string[]
  /** How often each link was accepted. */
  readonly honoured: Map<string, number>
  /** A mail may take some seconds, because the job of a killed worker is released after that time only. */
  isMailUnderWay(email: string): Promise<boolean>
  /** Is told every answer of the service, except those that do not say what was done. */
  readonly onAnswer?: (path: string, answer: ObservedAnswer) => void
  changes: number
  unanswered: number
  /** Requests that the service has not answered yet. */
  underWay: number
  isOver: boolean
}

/**
 * Lets customers use the service, `atOnce` at a time: when one is done, the next one registers.
 * `finish` ends that, and waits for the mails that are still under way.
 */
export function startCustomers(
  observed: Pick<Chronicle, 'url' | 'sendgrid' | 'onAnswer'>,
  { atOnce, deedsOfEach, countMails }: { atOnce: number; deedsOfEach: number; countMails: CountMails },
): { chronicle: Chronicle; finish(): Promise<void> } {
  const chronicle: Chronicle = {
    ...observed,
    defects: [],
    honoured: new Map(),
    isMailUnderWay: async (email) => (await countMails(`${UNDER_WAY} AND lower(email) = lower($1)`, [email])) > 0,
    changes: 0,
    unanswered: 0,
    underWay: 0,
    isOver: false,
  }
  const customers = Array.from({ length: atOnce }, async () => {
    while (!chronicle.isOver) await new Survivor(chronicle).live(deedsOfEach)
  })
  return {
    chronicle,
    async finish() {
      chronicle.isOver = true
      await Promise.all(customers)
      await until(async () => (await countMails(UNDER_WAY, [])) === 0)
    },
  }
}

/** Runs a statement whose only row has the number of mails, as `mails`. */
type CountMails = (sql: string, values: string[]) => Promise<number>
const UNDER_WAY = `SELECT count(*)::int AS mails FROM mails WHERE state IN ('queued', 'sending')`

export interface ObservedAnswer {
  readonly status: number
  readonly retryAfter: string | null
  // biome-ignore lint/suspicious/noExplicitAny: whoever reads a field knows what was asked
  readonly body: any
}

let lastId = 0
let requests = 0

/**
 * One customer of a service that may be killed at any moment. A request without an answer may have been carried out or not,
 * and both are correct. A state between the two is a defect. A survivor therefore remembers every password and address
 * that may be in force, and afterwards signing in must work with exactly one of them.
 */
export class Survivor {
  readonly #chronicle: Chronicle
  readonly #id = ++lastId
  #emails: string[]
  #passwords: string[]
  #token = ''
  #turn = 0

  constructor(chronicle: Chronicle) {
    this.#chronicle = chronicle
    this.#emails = [`survivor.${this.#id}@example.com`]
    this.#passwords = [this.#newPassword()]
  }

  /** Registers, makes this many changes, and checks after each that the account is consistent. */
  async live(deeds: number): Promise<void> {
    await this.#open()
    for (let deed = 0; deed < deeds && !this.#chronicle.isOver; deed += 1) {
      const choice = (this.#id + deed) % 3
      if (choice === 0) await this.#changePassword()
      else if (choice === 1) await this.#resetPassword()
      else await this.#changeEmail()
      await this.settle()
    }
  }

  /** Signs in to find out what is in force: exactly one address with exactly one password. */
  async settle(): Promise<void> {
    const works: Array<{ email: string; password: string; token: string }> = []
    for (const email of this.#emails) {
      for (const password of this.#passwords) {
        const answer = await this.#insist('/v1/login', { email, password })
        if (answer.status === 200) works.push({ email, password, token: answer.body.accessToken })
        else if (answer.status !== 401) this.#defect(`signing in was answered ${answer.status}`)
      }
    }
    const [inForce] = works
    if (works.length !== 1 || !inForce) {
      this.#defect(`${works.length} of ${this.#emails.length} x ${this.#passwords.length} ways to sign in work`)
      return
    }
    this.#emails = [inForce.email]
    this.#passwords = [inForce.password]
    this.#token = inForce.token
  }

  async #open(): Promise<void> {
    const [email, password] = [this.#email, this.#password]
    await this.#insist('/v1/register', { email, password })
    const token = await this.#mailed(email, /verify-email#token=([\w-]+)/)
    if (token) await this.#use('/v1/email/verify', token, {})
    await this.settle()
  }

  async #changePassword(): Promise<void> {
    const newPassword = this.#newPassword()
    const change = { currentPassword: this.#password, newPassword }
    const answer = await this.#ask('/v1/password/change', change, this.#token)
    if (answer === null) this.#passwords.push(newPassword)
    else if (answer.status === 200) this.#passwords = [newPassword]
    this.#count(answer)
  }

  /** Opens one link until there is an answer, with another password each time, because an unanswered try may have succeeded. */
  async #resetPassword(): Promise<void> {
    const since = this.#chronicle.sendgrid.mails.length
    await this.#insist('/v1/password/forgot', { email: this.#email })
    const token = await this.#mailed(this.#email, /reset-password#token=([\w-]+)/, since)
    if (!token) return // held back by the limit on mails, as it should be
    for (let answer: ObservedAnswer | null = null; answer === null; ) {
      const newPassword = this.#newPassword()
      answer = await this.#ask('/v1/password/reset', { token, newPassword })
      if (answer?.status === 204) this.#passwords = [newPassword]
      else if (answer === null) this.#passwords.push(newPassword)
      else if (answer.status === 410 && this.#passwords.length > 1) this.#passwords.shift() // an unanswered try has used it
      this.#note(token, answer)
    }
  }

  async #changeEmail(): Promise<void> {
    const newEmail = `survivor.${this.#id}.${++this.#turn}@example.com`
    const asked = await this.#ask('/v1/email/change', { newEmail, currentPassword: this.#password }, this.#token)
    this.#count(asked)
    if (asked !== null && asked.status !== 202) return
    const token = await this.#mailed(newEmail, /confirm-email#token=([\w-]+)/)
    if (!token) return
    this.#emails.push(newEmail)
    await this.#use('/v1/email/change/confirm', token, {})
  }

  async #use(path: string, token: string, more: object): Promise<void> {
    for (let answer: ObservedAnswer | null = null; answer === null; ) {
      answer = await this.#ask(path, { token, ...more })
      this.#note(token, answer)
    }
  }

  #note(token: string, answer: ObservedAnswer | null): void {
    this.#count(answer)
    if (answer === null || answer.status >= 300) return
    const times = (this.#chronicle.honoured.get(token) ?? 0) + 1
    this.#chronicle.honoured.set(token, times)
    if (times > 1) this.#defect('a link was honoured twice')
  }

  #count(answer: ObservedAnswer | null): void {
    if (answer !== null && answer.status < 300) this.#chronicle.changes += 1
  }

  /** Null if there was no answer, or one that does not say what was done. */
  async #ask(path: string, body: object, token?: string): Promise<ObservedAnswer | null> {
    await this.#untilAlive()
    this.#chronicle.underWay += 1
    const answer = await this.#send(path, body, token)
    this.#chronicle.underWay -= 1
    if (answer?.status === 503 && answer.retryAfter === null) this.#defect(`${path} got a 503 without Retry-After`)
    if (answer === null || answer.status === 503) {
      this.#chronicle.unanswered += 1
      return null
    }
    this.#chronicle.onAnswer?.(path, answer)
    if (answer.status >= 500) this.#defect(`${path} was answered ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer
  }

  /** Repeats a request until there is an answer. Only for requests that may be repeated. */
  async #insist(path: string, body: object): Promise<ObservedAnswer> {
    for (;;) {
      const answer = await this.#ask(path, body)
      if (answer?.status === 429) await sleep(1_000 * answer.body.retryAfter)
      else if (answer) return answer
    }
  }

  async #send(path: string, body: object, token?: string): Promise<ObservedAnswer | null> {
    try {
      const response = await fetch(this.#chronicle.url + path, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-forwarded-for': this.#elsewhere(),
          ...(token ? { authorization: `Bearer ${token}` } : {}),
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(20_000),
      })
      const text = await response.text()
      const retryAfter = response.headers.get('retry-after')
      return { status: response.status, retryAfter, body: text === '' ? null : JSON.parse(text) }
    } catch {
      return null
    }
  }

  /** A new network for each request, because tries of every possible password from one network would soon be throttled. */
  #elsewhere(): string {
    requests += 1
    return `198.18.${(requests >> 8) & 255}.${requests & 255}`
  }

  async #untilAlive(): Promise<void> {
    const isAlive = () =>
      fetch(`${this.#chronicle.url}/health/ready`).then(
        ({ status }) => status === 200,
        () => false,
      )
    while (!(await isAlive())) await sleep(50)
  }

  async #mailed(email: string, link: RegExp, since = 0): Promise<string | null> {
    for (;;) {
      const isUnderWay = await this.#chronicle.isMailUnderWay(email)
      const mail = this.#chronicle.sendgrid.mails
        .slice(since)
        .findLast(({ to, text }) => to === email && link.test(text))
      const token = mail && link.exec(mail.text)?.[1]
      if (token || !isUnderWay) return token ?? null
      await sleep(50)
    }
  }

  #newPassword(): string {
    return `Survivor-${this.#id}-${++this.#turn}-x`
  }

  get #email(): string {
    return this.#emails[0] ?? ''
  }

  get #password(): string {
    return this.#passwords[0] ?? ''
  }

  #defect(what: string): void {
    this.#chronicle.defects.push(`survivor ${this.#id}: ${what}`)
  }
}
