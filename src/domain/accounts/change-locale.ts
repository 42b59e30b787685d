import { inTransaction } from '../../database/client.ts'
import { lockAccountRow } from '../../database/row-locks.ts'
import type { OwnAccount } from '../../database/session-statements.ts'
import type { Deps } from '../../deps.ts'
import { type Origin, recordEvent } from '../events/record-event.ts'
import { requireLocale } from '../mails/read-locale.ts'
import type { Principal } from '../principals.ts'
import { Refusal } from '../problems.ts'

/**
 * Changes the language in which the person reads mail. With null, each mail is written in the language that the request
 * for it asks for.
 *
 * @throws {Refusal} invalid_request (locale), unauthenticated
 */
export async function changeLocale(
  deps: Deps,
  input: { principal: Principal; locale: string | null; origin: Origin },
): Promise<OwnAccount> {
  const { principal, origin } = input
  const { accountId, sessionId } = principal
  const locale = input.locale === null ? null : requireLocale(input.locale)
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    const account = await lockAccountRow(tx, accountId)
    if (account?.credentialVersion !== principal.credentialVersion) throw new Refusal('unauthenticated')
    if (account.locale === locale) return
    await tx.account.update({ where: { id: accountId }, data: { locale } })
    const details = { from: account.locale, to: locale }
    await recordEvent(tx, { type: 'account.locale_changed', at: now, accountId, sessionId, origin, details })
  })
  return { ...principal.account, locale }
}
