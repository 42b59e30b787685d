import { inTransaction, type Transaction } from '../../../database/client.ts'
import { lockAccountRow } from '../../../database/row-locks.ts'
import type { Deps } from '../../../deps.ts'
import { hashesOfAddress } from '../../addresses/address-hashes.ts'
import { eraseAddresses } from '../../addresses/addresses.ts'
import { recordEvent } from '../../events/record-event.ts'
import type { Requester } from '../../events/requester.ts'
import { Refusal } from '../../problems.ts'
import { forgetNetworks } from '../../throttle/throttle.ts'

/**
 * Erases a person: the account with its sessions and links, the mails and receipts, what was counted against the
 * addresses. Of the audit trail what happened and when remains, without where from and about whom. The addresses
 * stay locked as keyed hashes, so that nobody can pose as the person who had them.
 *
 * @throws {Refusal} not_found
 */
export async function eraseUser(deps: Deps, input: { accountId: string; by: Requester }): Promise<void> {
  const { accountId, by } = input
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    if (!(await lockAccountRow(tx, accountId))) throw new Refusal('not_found')
    const addresses = await eraseAddresses(deps, tx, { accountId, now })
    const asked = await addressesAskedFor(tx, accountId)
    const hashes = addresses.flatMap((address) => hashesOfAddress(deps, address))
    await tx.mail.deleteMany({ where: { OR: [{ accountId }, { address: { in: addresses } }] } })
    // Moves of others to these addresses, that came to nothing: they keep the links in their notices, and no address.
    await tx.emailChange.updateMany({
      where: { toAddress: { in: addresses }, confirmedAt: null, endedAt: { not: null } },
      data: { toEmail: 'erased', toAddress: 'erased' },
    })
    await tx.registration.deleteMany({ where: { address: { in: addresses } } })
    await tx.mailedToken.deleteMany({ where: { accountId: null, address: { in: addresses } } })
    await tx.suppressedAddress.deleteMany({ where: { address: { in: [...addresses, ...asked] } } })
    await forgetNetworks(tx, hashes)
    await tx.account.delete({ where: { id: accountId } }) // sessions, links, proofs and changes go with it
    await scrubEvents(tx, { accountId, hashes })
    const details = { addresses: addresses.length }
    await recordEvent(tx, { type: 'account.erased', at: now, accountId, ...by, details })
  })
}

/** Asked for and never proven: what the provider says of them, it says of mail to this person. */
async function addressesAskedFor(tx: Transaction, accountId: string): Promise<string[]> {
  const changes = await tx.emailChange.findMany({
    where: { accountId, confirmedAt: null },
    select: { toAddress: true },
  })
  return changes.map(({ toAddress }) => toAddress)
}

/** The trail is append-only but for its retention, which this is a part of; the setting ends with the transaction. */
async function scrubEvents(tx: Transaction, person: { accountId: string; hashes: string[] }): Promise<void> {
  const { accountId, hashes } = person
  await tx.$executeRaw`SELECT set_config('latchkey.retention', 'on', true)`
  await tx.$executeRaw`
    UPDATE events SET ip = NULL, user_agent = NULL, details = '{}'
    WHERE account_id = ${accountId}::uuid
      OR (details ? 'addressHash' AND details ->> 'addressHash' = ANY(${hashes}))`
  await tx.$executeRaw`SELECT set_config('latchkey.retention', 'off', true)`
}
