import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { type Origin, recordEvent } from '../events.ts'
import type { ServicePrincipal } from '../service-clients/authenticate-client.ts'
import { endSessions } from '../sessions/end-sessions.ts'
import type { TokenSubject } from './introspect-token.ts'

/**
 * Ends what a token stands for (RFC 7009): of a person's access or refresh token, spent or not, its session; a service's
 * own token alone. Whoever holds a token may end it, since all he could do otherwise is use it. What is over already,
 * or not of ours, is none the less what the caller wanted.
 */
export async function revokeToken(
  deps: Deps,
  input: { client: ServicePrincipal; subject: TokenSubject; origin: Origin },
): Promise<void> {
  const { client, subject, origin } = input
  if (subject === null) return
  const now = deps.clock.now()
  const actor = { serviceClientId: client.clientId }
  await inTransaction(deps.db, async (tx) => {
    if (subject.kind === 'service') {
      const { tokenId, expiresAt, clientId } = subject.claims
      const { count } = await tx.revokedToken.createMany({ data: [{ tokenId, expiresAt }], skipDuplicates: true })
      if (count === 0) return
      const details = { clientId, tokenId }
      await recordEvent(tx, { type: 'service_client.token_revoked', at: now, actor, origin, details })
      return
    }
    const { sessionId } = subject.claims
    const session = await tx.session.findUnique({ where: { id: sessionId }, select: { accountId: true } })
    if (!session) return
    const { accountId } = session
    const ended = await endSessions(tx, { accountId, only: sessionId, reason: 'revoked', now })
    if (ended === 0) return
    const details = { reason: 'revoked' }
    await recordEvent(tx, { type: 'session.ended', at: now, actor, accountId, sessionId, origin, details })
  })
}
