import type { Answer, Api, CallOptions } from './api.ts'
import type { Mailbox } from './mailbox.ts'

export interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string
  readonly sessionId: string
}

/** A person with a verified account, signed in on one device. Everything goes through the API, as it would for a real person. */
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

  patch(path: string, body?: unknown): Promise<Answer> {
    return this.api.patch(path, body, { token: this.token })
  }

  delete(path: string): Promise<Answer> {
    return this.api.delete(path, { token: this.token })
  }

  /** Uses the refresh token, and keeps the new tokens if the answer has some. */
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

/** Makes people, each with an address of their own, so that the tests of a file do not affect each other. */
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

  /** A person who has registered, verified their address and signed in. */
  async verified(given: { email?: string; password?: string } = {}): Promise<Person> {
    const email = given.email ?? this.newEmail()
    const password = given.password ?? 'Correct-Horse-7'
    await this.#api.post('/v1/register', { email, password })
    await this.#api.post('/v1/email/verify', { token: await this.#mailbox.token(email, 'verify_email') })
    return this.signedIn(email, password)
  }

  /** Signs a person in who has an account. */
  async signedIn(email: string, password: string): Promise<Person> {
    return new Person(this.#api, email, password, tokensIn(await this.#api.post('/v1/login', { email, password })))
  }

  /** Changes a person's address: requests the change, confirms it with the mailed link, and refreshes their session. */
  async move(person: Person, newEmail: string): Promise<void> {
    await person.changeEmail(newEmail)
    await this.#api.post('/v1/email/change/confirm', { token: await this.#mailbox.token(newEmail, 'confirm_email') })
    person.email = newEmail
    await person.refresh()
  }

  /** A locked address: an account has used and left it, and nobody else may take it. */
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
