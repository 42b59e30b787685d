import type { Prisma } from '../../../database/generated/client.ts'
import type { Deps } from '../../../deps.ts'
import { normalizedForm } from '../../../mail/email-address.ts'
import { Refusal } from '../../problems.ts'
import { openSession, pendingChange } from '../../row-states.ts'
import { readThrottles, type ThrottleState } from '../../throttle/read-throttle.ts'
import { listRevertLinks, type RevertLinkView } from './revert-links.ts'

/** The address that the account uses, or one that it has used and that is locked for others. */
export interface HeldAddress {
  readonly address: string
  readonly state: 'in_use' | 'locked'
  readonly lockedAt: Date | null
  readonly reason: string | null
}

/** An account as Support sees it. It contains no credentials. */
export interface UserView {
  readonly id: string
  readonly email: string
  readonly emailVerified: boolean
  readonly pendingEmail: string | null
  readonly hasPassword: boolean
  readonly passwordChangedAt: Date | null
  readonly disabled: boolean
  readonly disabledAt: Date | null
  readonly createdAt: Date
  /** The BCP 47 tag of the language that the person reads mail in. */
  readonly locale: string | null
  readonly activeSessions: number
  readonly addresses: HeldAddress[]
  /** Whether sign-in attempts are being slowed down. */
  readonly signIn: ThrottleState
  /** The links that can restore an address that the account used before. */
  readonly revertLinks: RevertLinkView[]
}

/** Reads accounts in the order of the given ids. An id without an account is skipped. */
export async function readUsers(deps: Deps, ids: readonly string[]): Promise<UserView[]> {
  const now = deps.clock.now()
  const accounts = await deps.db.account.findMany({ where: { id: { in: [...ids] } }, select: shown(now) })
  const sessions = await countOpenSessions(deps, ids, now)
  const revertLinks = await listRevertLinks(deps, ids)
  const throttleOf = await readThrottles(
    deps,
    accounts.map(({ email }) => normalizedForm(email)),
  )
  const views = new Map<string, UserView>()
  for (const account of accounts) {
    const more = {
      signIn: throttleOf(normalizedForm(account.email)),
      revertLinks: revertLinks.get(account.id) ?? [],
      activeSessions: sessions.get(account.id) ?? 0,
    }
    views.set(account.id, toView(account, more))
  }
  return ids.flatMap((id) => views.get(id) ?? [])
}

/** @throws {Refusal} not_found */
export async function readUser(deps: Deps, id: string): Promise<UserView> {
  const [user] = await readUsers(deps, [id])
  if (!user) throw new Refusal('not_found')
  return user
}

/** A separate statement, because a `_count` of the relation makes Prisma 7.10 count the sessions of all accounts. */
async function countOpenSessions(deps: Deps, ids: readonly string[], now: Date): Promise<ReadonlyMap<string, number>> {
  const counts = await deps.db.session.groupBy({
    by: ['accountId'],
    where: { accountId: { in: [...ids] }, ...openSession(now) },
    _count: true,
  })
  return new Map(counts.map(({ accountId, _count }) => [accountId, _count]))
}

function shown(now: Date) {
  return {
    id: true,
    email: true,
    emailVerifiedAt: true,
    passwordHash: true,
    passwordChangedAt: true,
    disabledAt: true,
    createdAt: true,
    locale: true,
    addresses: {
      orderBy: { claimedAt: 'desc' },
      select: { address: true, lockedAt: true, lockReason: true },
    },
    emailChanges: { where: pendingChange(now), select: { toEmail: true } },
  } satisfies Prisma.AccountSelect
}

type ShownAccount = Prisma.AccountGetPayload<{ select: ReturnType<typeof shown> }>

function toView(account: ShownAccount, more: Pick<UserView, 'signIn' | 'revertLinks' | 'activeSessions'>): UserView {
  return {
    id: account.id,
    email: account.email,
    emailVerified: account.emailVerifiedAt !== null,
    pendingEmail: account.emailChanges[0]?.toEmail ?? null,
    hasPassword: account.passwordHash !== null,
    passwordChangedAt: account.passwordChangedAt,
    disabled: account.disabledAt !== null,
    disabledAt: account.disabledAt,
    createdAt: account.createdAt,
    locale: account.locale,
    addresses: account.addresses.map(({ address, lockedAt, lockReason }) => ({
      address,
      state: lockedAt === null ? 'in_use' : 'locked',
      lockedAt,
      reason: lockReason,
    })),
    ...more,
  }
}
