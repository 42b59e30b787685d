import { currentSpan, errorTypeOf, type Span } from '../../tracing/span.ts'

/** What node-postgres takes as a statement: its text, or an object with the text and perhaps a name. */
interface Statement {
  readonly text: string
  readonly name?: string | undefined
}

const OPERATION = /^\s*([a-z]+)/i
/** The first table of a statement. `FROM now()` in an expression names a function. */
const TABLE = /\b(?:from|into|update)\s+(?:only\s+)?(?:"?\w+"?\.)?"?(\w+)"?(?![\w(.])/i

/** A statement that only calls a function, such as the one that waits for an advisory lock. */
const FUNCTION = /^\s*select\s+([\w.]+)\(/i

/**
 * Starts the span of a statement, if it belongs to a trace. The span has the statement's name, or its operation and its
 * table or function. It never has the text or the values.
 */
export function startStatementSpan(statement: unknown): Span | undefined {
  const parent = currentSpan()
  if (!parent?.isRecorded) return undefined
  const { text, name } = typeof statement === 'string' ? { text: statement } : (statement as Statement)
  const operation = OPERATION.exec(text)?.[1]?.toUpperCase() ?? 'statement'
  const table = TABLE.exec(text)?.[1]
  const target = table ?? FUNCTION.exec(text)?.[1]
  const summary = name ?? (target === undefined ? operation : `${operation} ${target}`)
  return parent.startChild(summary, {
    kind: 'client',
    attributes: {
      'db.system.name': 'postgresql',
      'db.operation.name': operation,
      'db.collection.name': table,
      'db.query.summary': summary,
    },
  })
}

export function endStatementSpan(span: Span, error?: unknown): void {
  if (error) span.fail(errorTypeOf(error))
  span.end()
}
