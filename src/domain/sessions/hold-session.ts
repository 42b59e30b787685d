import type { Transaction } from '../../database/client.ts'
import { Refusal } from '../problems.ts'

/**
 * Sees to it that the session is not ended before what it is doing is there to be ended with it. It may have been
 * revoked, or its account erased, while the password was compared: what a dead session asks for would be out of reach of
 * whoever revoked that.
 *
 * @throws {Refusal} unauthenticated
 */
export async function holdSession(tx: Transaction, sessionId: string): Promise<void> {
  const held = await tx.$executeRaw`
    SELECT 1 FROM sessions WHERE id = ${sessionId}::uuid AND ended_at IS NULL FOR SHARE`
  if (held === 0) throw new Refusal('unauthenticated')
}
