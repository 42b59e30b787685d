import type { Pool } from './client.ts'

export interface EventRow {
  readonly id: string
  readonly at: Date
  readonly type: string
  readonly outcome: string
  readonly accountId: string | null
  readonly sessionId: string | null
  readonly actorType: string
  readonly actorId: string | null
  readonly ip: string | null
  readonly userAgent: string | null
  readonly requestId: string | null
  readonly details: object
}

/** Inserts an audit event on its own. It is written by hand because every wrong password of a flood causes one. */
export async function insertEvent(pool: Pool, event: EventRow): Promise<void> {
  const { id, at, type, outcome, accountId, sessionId, actorType, actorId } = event
  const { ip, userAgent, requestId, details } = event
  const who = [accountId, sessionId, actorType, actorId]
  await pool.query({
    name: 'insert-event',
    text: INSERT_EVENT,
    values: [id, at, type, outcome, ...who, ip, userAgent, requestId, details],
  })
}

const INSERT_EVENT = `
  INSERT INTO events (id, at, type, outcome, account_id, session_id, actor_type, actor_id, ip, user_agent, request_id, details)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
