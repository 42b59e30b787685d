import { readForIntrospection, type SubjectKeys, type SubjectSession } from '../../database/client-statements.ts'
import type { Deps } from '../../deps.ts'
import type { Origin } from '../events/record-event.ts'
import type { ServiceClaims, SessionClaims } from '../principals.ts'
import { type ClientProof, callerOf, judgeProof, refuseClient } from '../service-clients/authenticate-client.ts'
import { OAuthRefusal } from '../service-clients/oauth-refusal.ts'

/** What the text of a token shows without the database; null if the service did not issue it. */
export type TokenSubject =
  | { readonly kind: 'session'; readonly claims: SessionClaims }
  | { readonly kind: 'service'; readonly claims: ServiceClaims }
  | { readonly kind: 'refresh'; readonly claims: { readonly sessionId: string; readonly counter: number } }
  | null

/** What is true of a token now; null if it is not active, for whatever reason. */
export type Introspection =
  | { readonly kind: 'session' }
  | { readonly kind: 'service'; readonly scopes: readonly string[] }
  | { readonly kind: 'refresh'; readonly session: SubjectSession }
  | null

/**
 * Checks whether a token is active (RFC 7662), for a client with the scope `tokens:introspect`. A person's token is
 * active while its session is, and the account and its credentials have not changed. A service's token is active while
 * its client is. The caller and the token are read in one statement. The token is not consumed.
 *
 * @throws {OAuthRefusal} invalid_client, invalid_token, insufficient_scope
 */
export async function introspectToken(
  deps: Deps,
  input: { proof: ClientProof; subject: TokenSubject; origin: Origin },
): Promise<Introspection> {
  const { proof, subject, origin } = input
  const now = deps.clock.now()
  const row = await readForIntrospection(deps.pool, { caller: callerOf(proof), subject: keysOf(subject), now })
  const caller = judgeProof(proof, row, now)
  if (!caller) throw await refuseClient(deps, proof, origin)
  if (!caller.scopes.includes('tokens:introspect')) throw new OAuthRefusal('insufficient_scope')
  if (!subject || !row) return null
  if (subject.kind === 'service') {
    const scopes = subject.claims.scopes.filter((scope) => row.subjectScopes?.includes(scope))
    return scopes.length > 0 ? { kind: 'service', scopes } : null
  }
  const { session } = row
  if (!session) return null
  if (subject.kind === 'session') {
    const { accountId, credentialVersion } = subject.claims
    const isSame = session.accountId === accountId && session.credentialVersion === credentialVersion
    return isSame ? { kind: 'session' } : null
  }
  return wouldRefresh(deps, session, subject.claims.counter, now) ? { kind: 'refresh', session } : null
}

function keysOf(subject: TokenSubject): SubjectKeys {
  if (subject?.kind === 'service') return { ...subject.claims, sessionId: null }
  return { sessionId: subject?.claims.sessionId ?? null, clientId: null, tokenId: null }
}

/** Applies the same rules as ROTATE_REFRESH_TOKEN in session-statements.ts. */
function wouldRefresh(deps: Deps, session: SubjectSession, counter: number, now: Date): boolean {
  const { refreshCounter, refreshFloor, rotatedAt } = session
  if (counter < refreshFloor) return false
  if (counter === refreshCounter) return true
  const windowMs = deps.config.lifetimes.refreshReuseWindow * 1000
  return counter === refreshCounter - 1 && rotatedAt.getTime() > now.getTime() - windowMs
}
