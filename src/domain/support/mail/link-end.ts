import { inTransaction } from '../../../database/client.ts'
import type { Account, EmailChange, MailedToken } from '../../../database/generated/client.ts'
import type { Deps } from '../../../deps.ts'
import type { InvalidationReason } from '../../mailed-links/end-mailed-links.ts'
import { canRevert } from '../users/revert-links.ts'

/** Why a mailed link no longer works. It is `cancelled` together with its email change. */
type LinkEndReason = InvalidationReason | 'used' | 'expired' | 'cancelled'

export interface LinkEnd {
  /** Null if the row does not record the time. */
  readonly endedAt: Date | null
  readonly endReason: LinkEndReason | null
}

/**
 * Finds out for each link whether it still works and, if not, why. For most links their own row shows it. Others end
 * with a change of the account, the address or the email change that they belong to. The rules are those for opening a
 * link.
 *
 * @returns the end of each link by the hash of its token. A link that works has an end with two nulls.
 */
export async function endsOfLinks(deps: Deps, links: readonly MailedToken[]): Promise<ReadonlyMap<string, LinkEnd>> {
  const now = deps.clock.now()
  const ofRegistrations = links.filter(({ accountId }) => accountId === null)
  return inTransaction(deps.db, async (tx) => {
    const accounts = await tx.account.findMany({
      where: { id: { in: present(links.map(({ accountId }) => accountId)) } },
    })
    const changes = await tx.emailChange.findMany({
      where: { id: { in: present(links.map(({ emailChangeId }) => emailChangeId)) } },
    })
    const addresses = await tx.address.findMany({
      where: { address: { in: ofRegistrations.map(({ address }) => address) } },
    })
    const ends = new Map<string, LinkEnd>()
    for (const link of links) {
      const account = accounts.find(({ id }) => id === link.accountId) ?? null
      const change = changes.find(({ id }) => id === link.emailChangeId) ?? null
      const claimedAt = addresses.find(({ address }) => address === link.address)?.claimedAt ?? null
      const end = endOf(link, { account, change, claimedAt }, now)
      const isOver =
        end === WORKS &&
        link.purpose === 'revert_email' &&
        account !== null &&
        !(await canRevert(deps, tx, { link, account, now }))
      ends.set(link.tokenHash, isOver ? { endedAt: change?.endedAt ?? null, endReason: 'replaced' } : end)
    }
    return ends
  })
}

function present(ids: ReadonlyArray<string | null>): string[] {
  return [...new Set(ids.filter((id) => id !== null))]
}

interface Surroundings {
  readonly account: Account | null
  readonly change: EmailChange | null
  /** The time at which an account got the address that the link was mailed to. */
  readonly claimedAt: Date | null
}

const WORKS: LinkEnd = { endedAt: null, endReason: null }

function endOf(link: MailedToken, surroundings: Surroundings, now: Date): LinkEnd {
  const { change } = surroundings
  if (link.spentAt) return { endedAt: link.spentAt, endReason: 'used' }
  if (link.endedAt) return { endedAt: link.endedAt, endReason: link.endReason as InvalidationReason }
  if (change?.revertedAt) return { endedAt: change.revertedAt, endReason: 'replaced' }
  if (link.purpose === 'confirm_email' && change?.endedAt) {
    return { endedAt: change.endedAt, endReason: reasonOfChange(change.endReason) }
  }
  if (link.purpose !== 'revert_email') {
    const end = link.accountId === null ? endByAccount(link, surroundings) : endByCredentials(link, surroundings)
    if (end) return end
  }
  return link.expiresAt <= now ? { endedAt: link.expiresAt, endReason: 'expired' } : WORKS
}

/** The confirm link of an email change ends with the change. The change's own end reason is for the audit trail. */
function reasonOfChange(reason: string | null): LinkEndReason {
  switch (reason) {
    case 'replaced':
      return 'replaced'
    case 'account_disabled':
      return 'account_disabled'
    case 'password_changed':
    case 'password_reset':
    case 'email_changed':
    case 'email_reverted':
      return 'credentials_changed'
    default:
      return 'cancelled'
  }
}

/** The link of a registration creates an account. It ends when another link or Support has created the account. */
function endByAccount(link: MailedToken, { claimedAt }: Surroundings): LinkEnd | null {
  const hasLostRegistration = link.purpose === 'verify_email' && link.registrationId === null
  if (claimedAt === null && !hasLostRegistration) return null
  return { endedAt: claimedAt, endReason: 'replaced' }
}

function endByCredentials(link: MailedToken, { account }: Surroundings): LinkEnd | null {
  if (!account) return null
  if (account.disabledAt) return { endedAt: account.disabledAt, endReason: 'account_disabled' }
  if (account.credentialVersion === link.credentialVersion) return null
  return { endedAt: account.passwordChangedAt, endReason: 'credentials_changed' }
}
