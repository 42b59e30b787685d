import type { Deps } from '../../../deps.ts'
import { readReceipt as parseReceipt } from '../../../security/receipt.ts'
import { Refusal } from '../../problems.ts'
import { type MailView, viewMails } from './mail-view.ts'

/**
 * Returns the state of the request that a person's receipt belongs to, from "no such account" to "link used". It is the
 * latest state that was reached.
 *
 * @throws {Refusal} not_found
 */
export async function readReceipt(deps: Deps, typed: string): Promise<MailView> {
  const receipt = parseReceipt(typed)
  const mail = receipt === null ? null : await deps.db.mail.findUnique({ where: { receipt } })
  if (!mail) throw new Refusal('not_found')
  const [view] = await viewMails(deps, [mail])
  if (!view) throw new Refusal('not_found')
  if (view.link?.usedAt) return { ...view, state: 'link_used', reason: null }
  if (view.link?.checkedAt) return { ...view, state: 'link_checked', reason: null }
  return view
}
