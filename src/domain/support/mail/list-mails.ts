import type { Prisma } from '../../../database/generated/client.ts'
import type { Deps } from '../../../deps.ts'
import { requireAddress } from '../../addresses/require-address.ts'
import { cutPage, type Page, type PageOf } from '../../page.ts'
import { Refusal } from '../../problems.ts'
import { type MailView, viewMails } from './mail-view.ts'

/**
 * Lists every mail of an account, the newest first. Mails that were requested for its addresses and never sent are
 * included. They belong to no account, because the worker looks the account up only when it sends a mail.
 *
 * @throws {Refusal} not_found
 */
export async function listMailsOfAccount(deps: Deps, accountId: string, page: Page): Promise<PageOf<MailView>> {
  const account = await deps.db.account.findUnique({
    where: { id: accountId },
    select: { addresses: { select: { address: true } } },
  })
  if (!account) throw new Refusal('not_found')
  const addresses = account.addresses.map(({ address }) => address)
  return readPage(deps, { OR: [{ accountId }, { accountId: null, address: { in: addresses } }] }, page)
}

/**
 * Lists every mail to an address, the newest first, whether or not an account has the address: a person who has just
 * registered has none yet.
 *
 * @throws {Refusal} invalid_email
 */
export async function listMailsToAddress(deps: Deps, email: string, page: Page): Promise<PageOf<MailView>> {
  const { address } = requireAddress(email, 'email')
  return readPage(deps, { address }, page)
}

async function readPage(deps: Deps, where: Prisma.MailWhereInput, page: Page): Promise<PageOf<MailView>> {
  const mails = await deps.db.mail.findMany({
    where: page.after === undefined ? where : { AND: [where, { id: { lt: page.after } }] },
    orderBy: { id: 'desc' },
    take: page.limit + 1,
  })
  const { items, next } = cutPage(mails, page.limit, ({ id }) => id)
  return { items: await viewMails(deps, items), next }
}
