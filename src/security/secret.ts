import { inspect } from 'node:util'

const REDACTED = '[redacted]'

/**
 * A value that must not reach a log, an error or a response. The only way to its content is `reveal()`, so every
 * place that reads a secret can be found by searching for that word.
 */
export class Secret<Kind extends string = string> {
  readonly #content: string
  declare readonly kind: Kind

  constructor(content: string) {
    this.#content = content
  }

  reveal(): string {
    return this.#content
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [inspect.custom](): string {
    return REDACTED
  }
}
