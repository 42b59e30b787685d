import type { Transaction } from '../../database/client.ts'
import type { Deps } from '../../deps.ts'
import type { NormalizedAddress } from '../../mail/email-address.ts'
import type { ProviderEvent } from '../../mail/sendgrid-events.ts'

export type SuppressionReason = 'bounced' | 'dropped' | 'spam_reported'

export interface Suppression {
  readonly reason: SuppressionReason
  readonly providerReason: string | null
  readonly since: Date
}

/** What the provider reported about mail to an address, for Support. Null if nothing is recorded. */
export async function readSuppression(deps: Pick<Deps, 'db'>, address: NormalizedAddress): Promise<Suppression | null> {
  const suppressed = await deps.db.suppressedAddress.findUnique({ where: { address }, omit: { address: true } })
  return suppressed && { ...suppressed, reason: suppressed.reason as SuppressionReason }
}

/** Records that mail to an address bounced, was dropped or was reported as spam. Later events do not change the reason. */
export async function suppress(tx: Transaction, address: string, events: readonly ProviderEvent[]): Promise<void> {
  const event = events.find(isAgainstTheAddress)
  if (!event) return
  const { type: reason, reason: providerReason, at: since } = event
  await tx.suppressedAddress.createMany({ data: { address, reason, providerReason, since }, skipDuplicates: true })
}

/** Reasons for a drop that concern the mail or our account at the provider, not the address. */
const OUR_FAULT = /SMTPAPI|spam content|quota/i

function isAgainstTheAddress(event: ProviderEvent): event is ProviderEvent & { readonly type: SuppressionReason } {
  if (event.type === 'dropped') return !OUR_FAULT.test(event.reason ?? '')
  return event.type === 'bounced' || event.type === 'spam_reported'
}
