import type { Transaction } from '../../../database/client.ts'
import { Prisma } from '../../../database/generated/client.ts'
import type { Deps } from '../../../deps.ts'
import { normalizedForm } from '../../../mail/email-address.ts'
import { hashesOfAddress } from '../../addresses/address-hashes.ts'
import type { Erasure } from '../../jobs.ts'
import { pseudonymOf } from './erased-account.ts'

/**
 * Erases up to `limit` rows of each kind that names the person: the mails and registrations that were requested for
 * their addresses, the links in them, the provider's events, and the person's part of the audit trail. Events of other
 * people stay, without the address. What else other accounts hold is erased by erase-from-others.ts.
 *
 * Strangers may continue to request mail to the address. Those rows are newer than the erasure and expire like any
 * other request for an unknown address, so the erasure always completes.
 *
 * @returns whether everything is erased. If not, call it again.
 */
export async function eraseTraces(
  deps: Pick<Deps, 'keys'>,
  tx: Transaction,
  erasure: Erasure,
  limit: number,
): Promise<boolean> {
  const counts = [
    await eraseMails(tx, erasure, limit),
    await eraseRegistrations(tx, erasure, limit),
    await eraseLinksWithoutAccount(tx, erasure, limit),
    await eraseSuppressions(tx, erasure),
    await eraseEvents(deps, tx, erasure, limit),
  ]
  return counts.every((count) => count < limit)
}

/**
 * Hides the values from the planner, as `(SELECT …)` does with an id. If a person has a large part of a table, the planner
 * would rather read the table until it has found enough rows than use the index. That is quick for the first rows, but
 * the last ones are found only after all others have been read.
 */
export function anyOf(values: readonly string[]): Prisma.Sql {
  return Prisma.sql`ANY (ARRAY(SELECT unnest(${values}::text[])))`
}

async function eraseMails(tx: Transaction, { accountId, addresses, startedAt }: Erasure, limit: number) {
  return tx.$executeRaw`
    DELETE FROM mails WHERE id IN (
      (SELECT id FROM mails WHERE account_id = (SELECT ${accountId}::uuid) ORDER BY queued_at LIMIT ${limit})
      UNION ALL
      (SELECT id FROM mails WHERE address = ${anyOf(addresses)} AND queued_at <= ${startedAt}::timestamptz LIMIT ${limit}))`
}

async function eraseRegistrations(tx: Transaction, { addresses, startedAt }: Erasure, limit: number) {
  return tx.$executeRaw`
    DELETE FROM registrations WHERE id IN (
      SELECT id FROM registrations WHERE address = ${anyOf(addresses)} AND created_at <= ${startedAt}::timestamptz
      LIMIT ${limit})`
}

async function eraseLinksWithoutAccount(tx: Transaction, { addresses, startedAt }: Erasure, limit: number) {
  return tx.$executeRaw`
    DELETE FROM mailed_tokens WHERE token_hash IN (
      SELECT token_hash FROM mailed_tokens
      WHERE address = ${anyOf(addresses)} AND account_id IS NULL AND created_at <= ${startedAt}::timestamptz
      LIMIT ${limit})`
}

async function eraseSuppressions(tx: Transaction, { addresses, requestedAddresses, startedAt }: Erasure) {
  const { count } = await tx.suppressedAddress.deleteMany({
    where: { address: { in: [...addresses, ...requestedAddresses] }, since: { lte: new Date(startedAt) } },
  })
  return count
}

/**
 * The audit trail refuses every UPDATE except in a transaction that sets `latchkey.retention`. The setting is reset
 * here, so that no other statement of this transaction can change the trail.
 */
async function eraseEvents(deps: Pick<Deps, 'keys'>, tx: Transaction, erasure: Erasure, limit: number) {
  await tx.$executeRaw`SELECT set_config('latchkey.retention', 'on', true)`
  const own = await pseudonymizeOwnEvents(deps, tx, erasure, limit)
  const aboutAddress = await eraseEventsAboutAddresses(deps, tx, erasure, limit)
  const ofOthers = await eraseAddressesInOthersEvents(tx, erasure, limit)
  await tx.$executeRaw`SELECT set_config('latchkey.retention', 'off', true)`
  return own + aboutAddress + ofOthers
}

/** Keeps what happened and when, and erases where from and to whom. For the erasure itself, the requester stays too. */
async function pseudonymizeOwnEvents(deps: Pick<Deps, 'keys'>, tx: Transaction, erasure: Erasure, limit: number) {
  const { accountId } = erasure
  const pseudonym = pseudonymOf(deps, accountId)
  return tx.$executeRaw`
    UPDATE events SET
      account_id = ${pseudonym}::uuid,
      session_id = NULL,
      actor_id = CASE WHEN actor_id = ${accountId} THEN ${pseudonym} ELSE actor_id END,
      ip = CASE WHEN type = 'account.erased' THEN ip END,
      user_agent = CASE WHEN type = 'account.erased' THEN user_agent END,
      request_id = CASE WHEN type = 'account.erased' THEN request_id END,
      details = CASE WHEN type = 'account.erased' THEN details ELSE '{}' END
    WHERE id IN (SELECT id FROM events WHERE account_id = (SELECT ${accountId}::uuid) LIMIT ${limit})`
}

/** Attempts of strangers, who named the address but were not authenticated. */
async function eraseEventsAboutAddresses(deps: Pick<Deps, 'keys'>, tx: Transaction, erasure: Erasure, limit: number) {
  const { addresses, startedAt } = erasure
  const hashes = addresses.flatMap((address) => hashesOfAddress(deps, normalizedForm(address)))
  return tx.$executeRaw`
    UPDATE events SET ip = NULL, user_agent = NULL, request_id = NULL, details = '{}'
    WHERE id IN (
      SELECT id FROM events
      WHERE details ? 'addressHash' AND details ->> 'addressHash' = ${anyOf(hashes)} AND at <= ${startedAt}::timestamptz
      LIMIT ${limit})`
}

/** Events of other accounts that requested the address or used it before the person did. */
async function eraseAddressesInOthersEvents(tx: Transaction, { addresses }: Erasure, limit: number) {
  return tx.$executeRaw`
    UPDATE events SET details = details
      || CASE WHEN lower(details ->> 'to') = ANY(${addresses}) THEN '{"to": "erased"}'::jsonb ELSE '{}' END
      || CASE WHEN lower(details ->> 'from') = ANY(${addresses}) THEN '{"from": "erased"}'::jsonb ELSE '{}' END
      || CASE WHEN lower(details ->> 'address') = ANY(${addresses}) THEN '{"address": "erased"}'::jsonb ELSE '{}' END
    WHERE id IN (
      SELECT id FROM events
      WHERE (details ? 'to' AND lower(details ->> 'to') = ${anyOf(addresses)})
        OR (details ? 'from' AND lower(details ->> 'from') = ${anyOf(addresses)})
        OR (details ? 'address' AND lower(details ->> 'address') = ${anyOf(addresses)})
      LIMIT ${limit})`
}
