import { inTransaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import type { ServicePrincipal } from '../principals.ts'
import { endSessionOfToken } from '../sessions/end-session-of-token.ts'
import type { TokenSubject } from './introspect-token.ts'

/**
 * Revokes a token (RFC 7009). For a person's access token or refresh token, consumed or not, the session ends: any
 * service that holds such a token could use it, so it may also end it. A service's own token is revoked alone, and only
 * for the client that it was issued to (section 2.1). Nothing happens for any other client, or if the token is unknown,
 * was revoked before, or was invalidated by a credential change.
 */
export async function revokeToken(
  deps: Deps,
  input: { client: ServicePrincipal; subject: TokenSubject; origin: Origin },
): Promise<void> {
  const { client, subject, origin } = input
  if (subject === null) return
  if (subject.kind === 'service' && subject.claims.clientId !== client.clientId) return
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
    await endSessionOfToken(tx, { token: subject.claims, reason: 'revoked', actor, origin, now })
  })
}
