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

/** What the provider holds against an address, for Support to see beside it; null where nothing is. */
export async function readSuppression(deps: Pick<Deps, 'db'>, address: NormalizedAddress): Promise<Suppression | null> {
  const suppressed = await deps.db.suppressedAddress.findUnique({ where: { address }, omit: { address: true } })
  return suppressed && { ...suppressed, reason: suppressed.reason as SuppressionReason }
}

/** Remembers that mail to an address came back, was not even tried, or was reported; the first such word stands. */
export async function suppress(tx: Transaction, address: string, words: readonly ProviderEvent[]): Promise<void> {
  const word = words.find(isAgainstTheAddress)
  if (!word) return
  const { type: reason, reason: providerReason, at: since } = word
  await tx.suppressedAddress.createMany({ data: { address, reason, providerReason, since }, skipDuplicates: true })
}

/** Reasons of a drop that blame the mail or us, not the address it was for. */
const OUR_FAULT = /SMTPAPI|spam content|quota/i

function isAgainstTheAddress(event: ProviderEvent): event is ProviderEvent & { readonly type: SuppressionReason } {
  if (event.type === 'dropped') return !OUR_FAULT.test(event.reason ?? '')
  return event.type === 'bounced' || event.type === 'spam_reported'
}
