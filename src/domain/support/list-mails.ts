import type { Deps } from '../../deps.ts'
import { cutPage, type Page, type PageOf } from '../page.ts'
import { Refusal } from '../problems.ts'
import { type MailView, viewMails } from './mail-view.ts'

/**
 * Every mail of an account, the newest first, with those that were asked for its addresses and never sent: a mail that
 * was held back does not know whose it would have been.
 *
 * @throws {Refusal} not_found
 */
export async function listMails(deps: Deps, accountId: string, page: Page): Promise<PageOf<MailView>> {
  const account = await deps.db.account.findUnique({
    where: { id: accountId },
    select: { addresses: { select: { address: true } } },
  })
  if (!account) throw new Refusal('not_found')
  const addresses = account.addresses.map(({ address }) => address)
  const mails = await deps.db.mail.findMany({
    where: {
      OR: [{ accountId }, { accountId: null, address: { in: addresses } }],
      ...(page.after === undefined ? {} : { id: { lt: page.after } }),
    },
    orderBy: { id: 'desc' },
    take: page.limit + 1,
  })
  const { items, next } = cutPage(mails, page.limit, ({ id }) => id)
  return { items: await viewMails(deps.db, items), next }
}
