import type { Deps } from '../../../deps.ts'
import { requireAddress } from '../../addresses/require-address.ts'
import { cutPage, type Page, type PageOf } from '../../page.ts'
import { currentAddress } from '../../row-states.ts'
import { readUsers, type UserView } from './user-view.ts'

/** A search for accounts by one criterion, or for all accounts. */
export type UserQuery =
  | { readonly by: 'email' | 'everHeld'; readonly email: string }
  | { readonly by: 'emailPrefix'; readonly prefix: string }
  | { readonly by: 'all' }

/**
 * Looks accounts up by the address they use, by an address they have ever used (even if Support has unlocked it since),
 * or by the beginning of their address. Without any of these, lists all accounts, the newest first.
 *
 * @throws {Refusal} invalid_email
 */
export async function findUsers(deps: Deps, query: UserQuery, page: Page): Promise<PageOf<UserView>> {
  const { items: ids, next } = await findIds(deps, query, page)
  return { items: await readUsers(deps, ids), next }
}

async function findIds(deps: Deps, query: UserQuery, page: Page): Promise<PageOf<string>> {
  switch (query.by) {
    case 'all':
      return listNewest(deps, page)
    case 'email':
      return findHolder(deps, query.email)
    case 'everHeld':
      return findEveryHolder(deps, query.email)
    case 'emailPrefix':
      return findByPrefix(deps, query.prefix, page)
  }
}

async function listNewest(deps: Deps, { limit, after }: Page): Promise<PageOf<string>> {
  const accounts = await deps.db.account.findMany({
    ...(after === undefined ? {} : { where: { id: { lt: after } } }),
    orderBy: { id: 'desc' },
    take: limit + 1,
    select: { id: true },
  })
  const { items, next } = cutPage(accounts, limit, ({ id }) => id)
  return { items: items.map(({ id }) => id), next }
}

async function findHolder(deps: Deps, email: string): Promise<PageOf<string>> {
  const { address } = requireAddress(email, 'email')
  const rows = await deps.db.address.findMany({ where: { address, ...currentAddress }, select: { accountId: true } })
  return { items: rows.flatMap(({ accountId }) => accountId ?? []), next: null }
}

/** Finds more than one account only if Support has unlocked the address. That is rare enough to need no paging. */
async function findEveryHolder(deps: Deps, email: string): Promise<PageOf<string>> {
  const { address } = requireAddress(email, 'everHeld')
  const rows = await deps.db.address.findMany({ where: { address }, select: { accountId: true } })
  const changes = await deps.db.emailChange.findMany({
    where: { confirmedAt: { not: null }, OR: [{ fromAddress: address }, { toAddress: address }] },
    distinct: ['accountId'],
    select: { accountId: true },
  })
  const ids = [...rows, ...changes].flatMap(({ accountId }) => accountId ?? [])
  return { items: [...new Set(ids)], next: null }
}

/**
 * Reads a page from the index of the addresses in its order, so that the cost of a page does not depend on the number
 * of accounts. The index is in byte order (COLLATE "C").
 */
async function findByPrefix(deps: Deps, prefix: string, page: Page): Promise<PageOf<string>> {
  const from = prefix.trim().toLowerCase()
  const to = `${from}\u007f` // comes after every character that an address can contain
  const rows = await deps.db.$queryRaw<Array<{ id: string; address: string }>>`
    SELECT account_id AS id, address FROM addresses
    WHERE address COLLATE "C" >= ${from} AND address COLLATE "C" < ${to} AND address COLLATE "C" > ${page.after ?? ''}
      AND locked_at IS NULL
    ORDER BY address COLLATE "C" LIMIT ${page.limit + 1}`
  const { items, next } = cutPage(rows, page.limit, ({ address }) => address)
  return { items: items.map(({ id }) => id), next }
}
