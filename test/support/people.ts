import type { Answer, Api, CallOptions } from './api.ts'
import type { Mailbox } from './mailbox.ts'

export interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string
  readonly sessionId: string
}

/** Someone with a confirmed account, signed in on one device. Everything goes through the API, as it would for them. */
export class Person {
  readonly api: Api
  email: string
  password: string
  tokens: Tokens

  constructor(api: Api, email: string, password: string, tokens: Tokens) {
    this.api = api
    this.email = email
    this.password = password
    this.tokens = tokens
  }

  get token(): string {
    return this.tokens.accessToken
  }

  /** Signs in on another device. */
  async logIn(options: CallOptions = {}): Promise<Person> {
    const answer = await this.api.post('/v1/login', { email: this.email, password: this.password }, options)
    return new Person(this.api, this.email, this.password, tokensIn(answer))
  }

  get(path: string): Promise<Answer> {
    return this.api.get(path, { token: this.token })
  }

  post(path: string, body?: unknown): Promise<Answer> {
    return this.api.post(path, body, { token: this.token })
  }

  delete(path: string): Promise<Answer> {
    return this.api.delete(path, { token: this.token })
  }

  /** Spends the refresh token, and keeps the answer's tokens where there are some. */
  async refresh(): Promise<Answer> {
    const answer = await this.api.post('/v1/token/refresh', { refreshToken: this.tokens.refreshToken })
    if (answer.status === 200) this.tokens = tokensIn(answer)
    return answer
  }

  changeEmail(newEmail: string): Promise<Answer> {
    return this.post('/v1/email/change', { newEmail, currentPassword: this.password })
  }
}

let count = 0

/** Makes people, each with an address of their own, so that tests of one file do not meet. */
export class People {
  readonly #api: Api
  readonly #mailbox: Mailbox

  constructor(api: Api, mailbox: Mailbox) {
    this.#api = api
    this.#mailbox = mailbox
  }

  newEmail(name = 'person'): string {
    count += 1
    return `${name}.${count}@example.com`
  }

  /** Registered, confirmed and signed in. */
  async verified(given: { email?: string; password?: string } = {}): Promise<Person> {
    const email = given.email ?? this.newEmail()
    const password = given.password ?? 'Correct-Horse-7'
    await this.#api.post('/v1/register', { email, password })
    await this.#api.post('/v1/email/verify', { token: await this.#mailbox.token(email, 'verify_email') })
    return this.signedIn(email, password)
  }

  /** Somebody with an account, on another device. */
  async signedIn(email: string, password: string): Promise<Person> {
    return new Person(this.#api, email, password, tokensIn(await this.#api.post('/v1/login', { email, password })))
  }

  /** Moves someone to another address: asked for, confirmed with the mailed link, and their session goes on. */
  async move(person: Person, newEmail: string): Promise<void> {
    await person.changeEmail(newEmail)
    await this.#api.post('/v1/email/change/confirm', { token: await this.#mailbox.token(newEmail, 'confirm_email') })
    person.email = newEmail
    await person.refresh()
  }

  /** An address that an account has used and left, which nobody else may have. */
  async lockedEmail(): Promise<string> {
    const person = await this.verified()
    const former = person.email
    await this.move(person, this.newEmail())
    return former
  }
}

function tokensIn(answer: Answer): Tokens {
  if (answer.status !== 200) throw new Error(`no tokens in ${answer.status} ${answer.text}`)
  return answer.body
}
