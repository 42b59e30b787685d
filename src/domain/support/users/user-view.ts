import type { Database, Transaction } from '../../../database/client.ts'
import type { Prisma } from '../../../database/generated/client.ts'
import { Refusal } from '../../problems.ts'

/** An address that the account holds, or held and nobody else may have. */
export interface HeldAddress {
  readonly address: string
  readonly state: 'in_use' | 'locked'
  readonly lockedAt: Date | null
  readonly reason: string | null
}

/** What Support sees of an account: nothing that would let anybody in. */
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
  readonly activeSessions: number
  readonly addresses: HeldAddress[]
}

/** Reads accounts in the order of their ids given; one that is gone meanwhile is left out. */
export async function readUsers(db: Database | Transaction, ids: readonly string[], now: Date): Promise<UserView[]> {
  const accounts = await db.account.findMany({ where: { id: { in: [...ids] } }, select: shown(now) })
  const byId = new Map(accounts.map((account) => [account.id, account]))
  return ids.flatMap((id) => byId.get(id) ?? []).map(toView)
}

/** @throws {Refusal} not_found */
export async function readUser(db: Database | Transaction, id: string, now: Date): Promise<UserView> {
  const [user] = await readUsers(db, [id], now)
  if (!user) throw new Refusal('not_found')
  return user
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
    addresses: {
      orderBy: { claimedAt: 'desc' },
      select: { address: true, lockedAt: true, lockReason: true },
    },
    emailChanges: {
      where: { confirmedAt: null, endedAt: null, expiresAt: { gt: now } },
      select: { toEmail: true },
    },
    _count: { select: { sessions: { where: { endedAt: null, expiresAt: { gt: now } } } } },
  } satisfies Prisma.AccountSelect
}

function toView(account: Prisma.AccountGetPayload<{ select: ReturnType<typeof shown> }>): UserView {
  const { id, email, createdAt, disabledAt, passwordChangedAt } = account
  return {
    id,
    email,
    createdAt,
    disabledAt,
    passwordChangedAt,
    emailVerified: account.emailVerifiedAt !== null,
    pendingEmail: account.emailChanges[0]?.toEmail ?? null,
    hasPassword: account.passwordHash !== null,
    disabled: disabledAt !== null,
    activeSessions: account._count.sessions,
    addresses: account.addresses.map(({ address, lockedAt, lockReason }) => ({
      address,
      lockedAt,
      state: lockedAt === null ? 'in_use' : 'locked',
      reason: lockReason,
    })),
  }
}
