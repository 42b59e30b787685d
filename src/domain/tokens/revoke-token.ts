import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import type { ServicePrincipal } from '../principals.ts'
import { endSession } from '../sessions/end-session.ts'
import type { TokenSubject } from './introspect-token.ts'

/**
 * Ends what a token stands for (RFC 7009): of a person's access or refresh token, spent or not, its session; a service's
 * own token alone. Whoever holds a token may end it, since all he could do otherwise is use it. What is over already, not
 * of ours, or of no power over its session any more, is none the less what the caller wanted.
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
    await endSession(tx, { token: subject.claims, reason: 'revoked', actor, origin, now })
  })
}
