import pg from 'pg'
import type { Span } from '../../tracing/span.ts'
import { toQueryError } from './connection-errors.ts'
import type { DatabaseHost } from './database-url.ts'
import type { HostSelector } from './host-selector.ts'
import { PooledTransactions } from './pooled-transactions.ts'
import { endStatementSpan, startStatementSpan } from './statement-span.ts'

type Callback = (error: unknown, result?: unknown) => void
type Loose = (...args: unknown[]) => unknown

/**
 * A connection to the host that is current when the connection is created. Its queries fail with the errors of
 * `toQueryError`.
 */
export interface HostClient extends pg.Client {
  readonly databaseHost: DatabaseHost
  /** Called for every query that fails. */
  onQueryError: (error: unknown) => void
  /**
   * From now on every statement runs in a transaction that begins with these settings. For a connection through a pooler
   * in transaction mode, which lends it a session for one transaction at a time.
   */
  useTransactionSettings(settings: string): void
}

/** Sends a statement, and ends its span with the answer. */
function endingSpan(span: Span, args: readonly unknown[], send: (args: readonly unknown[]) => unknown): unknown {
  const last = args.at(-1)
  if (typeof last === 'function') {
    const answered: Callback = (error, result) => {
      endStatementSpan(span, error)
      last(error, result)
    }
    return send([...args.slice(0, -1), answered])
  }
  const result = send(args)
  if (!(result instanceof Promise)) {
    span.end() // a cursor, which is read after this
    return result
  }
  return result.then(
    (answer) => {
      endStatementSpan(span)
      return answer
    },
    (error: unknown) => {
      endStatementSpan(span, error)
      throw error
    },
  )
}

/** Creates the class of a pool's connections. node-postgres itself supports only one host. */
export function hostClientClass(hosts: HostSelector): new (config: pg.ClientConfig) => HostClient {
  return class extends pg.Client implements HostClient {
    readonly databaseHost: DatabaseHost
    onQueryError: (error: unknown) => void = () => undefined
    #pooled: PooledTransactions | null = null

    constructor(config: pg.ClientConfig) {
      const host = hosts.current
      // pg-pool 3 makes the password a property that is not enumerable, so a spread does not copy it.
      super({ ...config, password: config.password, ...host })
      this.databaseHost = host
    }

    // The two overrides accept any arguments, because the overloads of node-postgres cannot be written as one
    // signature.
    override connect(...args: unknown[]): never {
      const connect = super.connect as Loose
      const callback = args[0]
      if (typeof callback !== 'function') throw new TypeError('a pool connects with a callback')
      const connected: Callback = (error) => {
        if (error) hosts.passOver(this.databaseHost)
        callback(error)
      }
      return connect.call(this, connected) as never
    }

    useTransactionSettings(settings: string): void {
      // The statements of one transaction are sent together, so that they cost one round trip. The property is declared
      // as read-only, but node-postgres 8.23 reads it for each query.
      ;(this as { pipeline: boolean }).pipeline = true
      this.#pooled = new PooledTransactions(settings, (...args) => this.#run(...args) as Promise<unknown>)
    }

    override query(...args: unknown[]): never {
      const span = startStatementSpan(args[0])
      return (span ? endingSpan(span, args, (traced) => this.#send(traced)) : this.#send(args)) as never
    }

    #send(args: readonly unknown[]): unknown {
      return this.#pooled ? this.#pooled.query(args) : this.#run(...args)
    }

    #run(...args: unknown[]): never {
      const query = super.query as Loose
      const last = args.at(-1)
      if (typeof last === 'function') {
        const answered: Callback = (error, result) => last(error ? this.#report(error) : error, result)
        return query.call(this, ...args.slice(0, -1), answered) as never
      }
      const result = query.call(this, ...args)
      if (!(result instanceof Promise)) return result as never // a cursor, which reports its errors as events
      return result.catch((error: unknown) => {
        throw this.#report(error)
      }) as never
    }

    #report(error: unknown): unknown {
      const converted = toQueryError(error)
      this.onQueryError(converted)
      return converted
    }
  }
}
