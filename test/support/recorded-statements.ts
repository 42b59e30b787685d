import pg from 'pg'

/** A statement that was sent to the database, with the values of the first time. */
export interface RecordedStatement {
  readonly text: string
  /** A named statement may be planned once for all values. */
  readonly isNamed: boolean
  readonly values: unknown[]
}

/** Records every statement of this process that goes to the database, whichever library sends it, by its text. */
export function recordStatements(): ReadonlyMap<string, RecordedStatement> {
  const sent = new Map<string, RecordedStatement>()
  const prototype = pg.Client.prototype as unknown as { query(...args: unknown[]): unknown }
  const { query: send } = prototype
  prototype.query = function (...args: unknown[]) {
    const [first, second] = args
    const config = typeof first === 'object' && first !== null ? (first as Partial<pg.QueryConfig>) : undefined
    const text = config?.text ?? String(first)
    const values = config?.values ?? (Array.isArray(second) ? second : [])
    if (!sent.has(text) && /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b/i.test(text)) {
      sent.set(text, { text, isNamed: config?.name !== undefined, values })
    }
    return send.apply(this, args)
  }
  return sent
}
