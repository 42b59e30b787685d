import pg from 'pg'

/** The statements that this process sends to the database while `work` runs, whichever library sends them. */
export async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const prototype = pg.Client.prototype as unknown as { query(...args: unknown[]): unknown }
  const { query: send } = prototype
  const texts: string[] = []
  prototype.query = function (...args: unknown[]) {
    const [first] = args
    texts.push(typeof first === 'string' ? first : ((first as { text?: string } | undefined)?.text ?? ''))
    return send.apply(this, args)
  }
  try {
    await work()
  } finally {
    prototype.query = send
  }
  return texts
}
