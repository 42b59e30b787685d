import type { Deps } from '../../../deps.ts'
import { requireAddress } from '../../addresses/require-address.ts'
import type { Page, PageOf } from '../../page.ts'
import { cutPage } from '../../page.ts'
import { readUsers, type UserView } from './user-view.ts'

/** Exactly one way to look, or none for everybody. */
export type UserQuery =
  | { readonly by: 'email' | 'everHeld'; readonly email: string }
  | { readonly by: 'emailPrefix'; readonly prefix: string }
  | { readonly by: 'everybody' }

/**
 * Looks accounts up: by the address they have, by one they ever had (also where Support has freed it since), by how it
 * begins, or all of them, the newest first.
 *
 * @throws {Refusal} invalid_email
 */
export async function findUsers(deps: Deps, query: UserQuery, page: Page): Promise<PageOf<UserView>> {
  const found = await findIds(deps, query, page)
  const users = await readUsers(
    deps.db,
    found.items.map(({ id }) => id),
    deps.clock.now(),
  )
  return { items: users, next: found.next }
}

async function findIds(deps: Deps, query: UserQuery, page: Page): Promise<PageOf<{ id: string }>> {
  switch (query.by) {
    case 'everybody':
      return newest(deps, page)
    case 'email':
      return holder(deps, query.email)
    case 'everHeld':
      return everyHolder(deps, query.email)
    case 'emailPrefix':
      return startingWith(deps, query.prefix, page)
  }
}

async function newest(deps: Deps, { limit, after }: Page): Promise<PageOf<{ id: string }>> {
  const accounts = await deps.db.account.findMany({
    ...(after === undefined ? {} : { where: { id: { lt: after } } }),
    orderBy: { id: 'desc' },
    take: limit + 1,
    select: { id: true },
  })
  return cutPage(accounts, limit, ({ id }) => id)
}

async function holder(deps: Deps, email: string): Promise<PageOf<{ id: string }>> {
  const { address } = requireAddress(email, 'email')
  const rows = await deps.db.address.findMany({ where: { address, lockedAt: null }, select: { accountId: true } })
  return { items: rows.flatMap(({ accountId }) => (accountId === null ? [] : { id: accountId })), next: null }
}

/** More than one where Support has given the address from one to another; never so many that it takes a page. */
async function everyHolder(deps: Deps, email: string): Promise<PageOf<{ id: string }>> {
  const { address } = requireAddress(email, 'everHeld')
  const rows = await deps.db.address.findMany({ where: { address }, select: { accountId: true } })
  const changes = await deps.db.emailChange.findMany({
    where: { confirmedAt: { not: null }, OR: [{ fromAddress: address }, { toAddress: address }] },
    distinct: ['accountId'],
    select: { accountId: true },
  })
  const ids = [...rows, ...changes].flatMap(({ accountId }) => accountId ?? [])
  return { items: [...new Set(ids)].map((id) => ({ id })), next: null }
}

/** In the order of the addresses, which is the order of their index: a page costs a page, however many there are. */
async function startingWith(deps: Deps, prefix: string, page: Page): Promise<PageOf<{ id: string }>> {
  const from = prefix.trim().toLowerCase()
  const to = `${from}\u007f` // above every character an address can have
  const rows = await deps.db.$queryRaw<Array<{ id: string; address: string }>>`
    SELECT account_id AS id, address FROM addresses
    WHERE address COLLATE "C" >= ${from} AND address COLLATE "C" < ${to} AND address COLLATE "C" > ${page.after ?? ''}
      AND locked_at IS NULL
    ORDER BY address COLLATE "C" LIMIT ${page.limit + 1}`
  return cutPage(rows, page.limit, ({ address }) => address)
}
