import { readFileSync } from 'node:fs'
import { isHost } from './setting-forms.ts'

/** The environment cannot be used. The message is one line that names each variable and what is wrong with it. */
export class ConfigError extends Error {}

export type Environment = Readonly<Record<string, string | undefined>>

/** A setting may be given by the name of a file that holds its value: `NAME_FILE` for `NAME`. */
const MAY_COME_FROM_FILE: ReadonlySet<string> = new Set([
  'DATABASE_URL',
  'DATABASE_URL_DIRECT',
  'SECRET_KEY',
  'SECRET_KEY_PREVIOUS',
  'SENDGRID_API_KEY',
  'SMTP_URL',
  'SECURITY_EVENT_SECRET',
  'REDIS_URL',
])

/** Reads variables and collects what is wrong with them, so that one start shows all of it. */
export class EnvironmentReader {
  readonly #environment: Environment
  readonly #problems: string[] = []
  readonly #doubts: string[] = []
  readonly #fromFiles = new Map<string, string | undefined>()

  constructor(environment: Environment) {
    this.#environment = environment
  }

  has(name: string): boolean {
    return (this.#value(name) ?? '').trim() !== ''
  }

  /** What is accepted and probably not intended: one sentence each, for the log. */
  get doubts(): readonly string[] {
    return this.#doubts
  }

  /** @throws {ConfigError} if anything was refused. */
  throwIfRefused(): void {
    if (this.#problems.length > 0) throw new ConfigError(`Refusing to start: ${this.#problems.join(' ')}`)
  }

  /** @param problem A complete sentence without the name, such as "the scheme must be smtp or smtps (got "http").". */
  refuse(name: string, problem: string): void {
    const quotes = this.#isQuoted(name) ? ' The value is in quotes, and they count as part of it: remove them.' : ''
    this.#problems.push(`${name}: ${problem}${quotes}`)
  }

  refuseIf(isWrong: boolean, name: string, problem: string): void {
    if (isWrong) this.refuse(name, problem)
  }

  text(name: string, fallback?: string): string {
    const value = this.has(name) ? this.#value(name) : fallback
    if (value === undefined) this.#problems.push(`${name} is missing.`)
    return value ?? ''
  }

  /** A text that may be anything. Quotes around it and a line break after it are accepted, and doubted. */
  freeText(name: string, fallback?: string): string {
    if (this.#isQuoted(name)) {
      this.#doubts.push(
        `${name}: the value is in quotes, and they count as part of it. Remove them if they are not meant.`,
      )
    }
    const value = this.text(name, fallback)
    if (/[\r\n]$/.test(value)) {
      this.#doubts.push(
        `${name}: the value ends with a line break, which counts as part of it. Without it, a copy is another value.`,
      )
    }
    return value
  }

  /** One line for people to read. It is used in mails, so it may not contain a control character. */
  line(name: string, fallback?: string): string {
    const value = this.freeText(name, fallback)
    if (this.has(name) && /\p{Cc}/u.test(value)) this.refuse(name, 'the value must not contain a control character.')
    return value
  }

  integer(name: string, fallback: number, least: number, most: number): number {
    const value = this.text(name, String(fallback))
    const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN
    if (number >= least && number <= most) return number
    this.refuse(name, `the value must be a whole number from ${least} to ${most} (got ${JSON.stringify(value)}).`)
    return fallback
  }

  /** A number from 0 on, with or without a fraction. */
  factor(name: string, fallback: number, most: number): number {
    const value = this.text(name, String(fallback))
    const number = /^\d{1,10}(\.\d{1,10})?$/.test(value) ? Number(value) : Number.NaN
    if (number <= most) return number
    this.refuse(name, `the value must be a number from 0 to ${most} (got ${JSON.stringify(value)}).`)
    return fallback
  }

  choice<Choice extends string>(name: string, choices: readonly Choice[], fallback?: Choice): Choice {
    const value = this.text(name, fallback)
    const choice = choices.find((candidate) => candidate === value)
    if (choice === undefined && value !== '') {
      this.refuse(name, `the value must be one of ${choices.join(', ')} (got ${JSON.stringify(value)}).`)
    }
    return choice ?? (choices[0] as Choice)
  }

  /** @param expected What an entry must be, for the message; it may depend on the entry. */
  list(name: string, isValid: (entry: string) => boolean, expected: string | ((entry: string) => string)): string[] {
    const entries = this.text(name, '')
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
    for (const entry of entries.filter((candidate) => !isValid(candidate))) {
      const wanted = typeof expected === 'string' ? expected : expected(entry)
      this.refuse(name, `each entry must be ${wanted} (got ${JSON.stringify(entry)}).`)
    }
    return entries
  }

  /** An address of this machine, or a name that stands for one. */
  host(name: string, fallback: string): string {
    const value = this.text(name, fallback)
    if (isHost(value)) return value
    const bracketed = /^\[(.*)\]$/.exec(value)?.[1]
    const hint = bracketed !== undefined && isHost(bracketed) ? `: write ${bracketed} without brackets` : ''
    this.refuse(name, `the value must be an IP address or a host name (got ${JSON.stringify(value)})${hint}.`)
    return fallback
  }

  #value(name: string): string | undefined {
    const value = this.#environment[name]
    if (!MAY_COME_FROM_FILE.has(name)) return value
    if (!this.#fromFiles.has(name)) this.#fromFiles.set(name, this.#readFile(name, value))
    return this.#fromFiles.get(name) ?? value
  }

  /** Undefined if `NAME_FILE` is not set, or cannot be used. */
  #readFile(name: string, value: string | undefined): string | undefined {
    const path = (this.#environment[`${name}_FILE`] ?? '').trim()
    if (path === '') return undefined
    if ((value ?? '').trim() !== '') {
      this.#problems.push(`${name} and ${name}_FILE are both set: remove one of them.`)
      return undefined
    }
    try {
      return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
    } catch (error) {
      this.#problems.push(
        `${name}_FILE: the file ${JSON.stringify(path)} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      )
      return undefined
    }
  }

  /** `docker run --env-file` keeps quotes, which a shell would remove. */
  #isQuoted(name: string): boolean {
    return /^(["']).*\1$/s.test(this.#value(name)?.trim() ?? '')
  }
}
