import type { Transaction } from '../../../database/client.ts'
import { newId } from '../../../database/new-id.ts'
import { blockErasures } from '../../../database/row-locks.ts'
import type { Deps } from '../../../deps.ts'
import { erasedForms } from '../../addresses/address-hashes.ts'
import { actorColumns } from '../../events/record-event.ts'
import type { Requester } from '../../events/requester.ts'
import { deleteRegistrations } from '../../registration/delete-registrations.ts'
import type { NewUser } from './new-user.ts'

/**
 * Creates accounts, one or a thousand with the same statements. A row whose address is in use, locked or erased creates
 * no account, and of several rows with one address only one does: the primary key of `addresses` ensures this. The
 * registrations of the addresses are deleted with their passwords.
 *
 * @returns the ids of the accounts that were created.
 */
export async function insertUsers(
  deps: Pick<Deps, 'keys' | 'passwords'>,
  tx: Transaction,
  input: { users: readonly NewUser[]; by: Requester; now: Date },
): Promise<Set<string>> {
  const { users, by, now } = input
  await blockErasures(tx)
  const { actorType, actorId } = actorColumns(by.actor, null)
  const rows = JSON.stringify(users.map((user) => toRow(deps, user, now)))
  const created = await tx.$queryRaw<Array<{ id: string }>>`
    WITH wanted AS MATERIALIZED (
      SELECT * FROM json_to_recordset(${rows}::json) AS w(
        id uuid, email text, address text, erased text[], password_hash text, email_verified_at timestamptz,
        disabled_at timestamptz, created_at timestamptz, locale text, event_id uuid, details jsonb)
    ), claimed AS (
      INSERT INTO addresses (address, account_id, claimed_at)
      SELECT address, id, ${now} FROM wanted
      WHERE NOT EXISTS (SELECT FROM addresses e WHERE e.address = ANY(wanted.erased))
      ORDER BY address, id -- in one order everywhere, so that two imports do not wait for each other in a circle
      ON CONFLICT (address) DO NOTHING
      RETURNING account_id AS id
    ), opened AS (
      INSERT INTO accounts (id, email, password_hash, email_verified_at, disabled_at, created_at, locale)
      SELECT id, email, password_hash, email_verified_at, disabled_at, created_at, locale FROM wanted JOIN claimed USING (id)
    )
    INSERT INTO events (id, at, type, outcome, account_id, actor_type, actor_id, ip, user_agent, request_id, details)
    SELECT event_id, ${now}, 'account.created', 'success', id, ${actorType}, ${actorId}, ${by.origin?.ip ?? null},
      ${by.origin?.userAgent ?? null}, ${by.origin?.requestId ?? null}::uuid, details
    FROM wanted JOIN claimed USING (id)
    RETURNING account_id AS id`
  const ids = new Set(created.map(({ id }) => id))
  const addresses = users.filter(({ id }) => ids.has(id)).map(({ address }) => address)
  for (const address of await haveRegistrations(tx, addresses)) {
    await deleteRegistrations(tx, { address, createdUntil: now.toISOString() })
  }
  return ids
}

async function haveRegistrations(tx: Transaction, addresses: readonly string[]): Promise<string[]> {
  const found = await tx.$queryRaw<Array<{ address: string }>>`
    SELECT address FROM unnest(${addresses}::text[]) AS opened(address)
    WHERE EXISTS (SELECT FROM registrations r WHERE r.address = opened.address)`
  return found.map(({ address }) => address)
}

function toRow(deps: Pick<Deps, 'keys' | 'passwords'>, user: NewUser, now: Date): Record<string, unknown> {
  const { id, email, address, passwordHash, emailVerified, disabled, createdAt, locale, fingerprint } = user
  return {
    id,
    email,
    address,
    erased: erasedForms(deps, address),
    password_hash: passwordHash && deps.passwords.sealImported(passwordHash, id),
    created_at: createdAt,
    locale,
    email_verified_at: emailVerified ? createdAt : null,
    disabled_at: disabled ? now : null,
    event_id: newId(),
    details: { imported: passwordHash !== null, emailVerified, fingerprint },
  }
}

/**
 * Finds the descriptions that have already created an account, even if its holder has changed the password or the
 * address since.
 *
 * @returns their fingerprints.
 */
export async function findImported(tx: Transaction, users: readonly NewUser[]): Promise<Set<string>> {
  if (users.length === 0) return new Set()
  const rows = JSON.stringify(
    users.map(({ address, fingerprint, formerFingerprints }) => ({
      address,
      fingerprint,
      any_fingerprint: [fingerprint, ...formerFingerprints],
    })),
  )
  const found = await tx.$queryRaw<Array<{ fingerprint: string }>>`
    SELECT w.fingerprint FROM json_to_recordset(${rows}::json) 
      AS w(address text, fingerprint text, any_fingerprint text[])
    JOIN addresses a ON a.address = w.address
    JOIN events e ON e.account_id = a.account_id AND e.type = 'account.created'
    WHERE e.details ->> 'fingerprint' = ANY(w.any_fingerprint)`
  return new Set(found.map(({ fingerprint }) => fingerprint))
}
