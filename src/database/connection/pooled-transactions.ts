/** Sends a query on the connection. */
type Run = (...args: unknown[]) => Promise<unknown>
type Callback = (error: unknown, result?: unknown) => void
type Statement = string | { readonly text: string }

/** PostgreSQL's default could be another one, and nothing can be set for a session. */
const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED'

/**
 * The statements of a connection through a pooler in transaction mode. Two statements outside a transaction may reach
 * different sessions of the server. So a statement that is not part of a transaction gets one of its own, and each
 * transaction begins with our settings. Statements have no names: another session would not know them.
 */
export class PooledTransactions {
  readonly #begin: string
  readonly #run: Run
  #isInTransaction = false

  constructor(settings: string, run: Run) {
    this.#begin = `${BEGIN}; ${settings}`
    this.#run = run
  }

  /** Takes the arguments of `pg.Client.query`. */
  query(args: readonly unknown[]): Promise<unknown> | undefined {
    const last = args.at(-1)
    const callback = typeof last === 'function' ? (last as Callback) : null
    const [statement, ...values] = callback ? args.slice(0, -1) : args
    const answer = this.#send(statement as Statement, values)
    if (!callback) return answer
    answer.then((result) => callback(undefined, result), callback)
    return undefined
  }

  /** Queues everything at once, so that the statements of two callers cannot mix. */
  #send(statement: Statement, values: readonly unknown[]): Promise<unknown> {
    const text = (typeof statement === 'string' ? statement : statement.text).trim().toUpperCase()
    if (text === 'BEGIN') {
      this.#isInTransaction = true
      return this.#run(this.#begin)
    }
    const unnamed = typeof statement === 'string' ? statement : { ...statement, name: undefined }
    if (!this.#isInTransaction) return this.#runAlone(unnamed, values)
    if (text === 'COMMIT' || text === 'ROLLBACK') this.#isInTransaction = false
    return this.#run(unnamed, ...values)
  }

  /** After a failure of the statement, COMMIT rolls the transaction back. */
  async #runAlone(statement: Statement, values: readonly unknown[]): Promise<unknown> {
    const steps = [this.#run(this.#begin), this.#run(statement, ...values), this.#run('COMMIT')]
    const [begun, answer, committed] = await Promise.allSettled(steps)
    for (const step of [begun, answer, committed]) if (step?.status === 'rejected') throw step.reason
    return answer?.status === 'fulfilled' ? answer.value : undefined
  }
}
