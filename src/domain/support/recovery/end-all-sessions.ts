import { inTransaction, type Transaction } from '../../../database/client.ts'
import { lockAccountRow } from '../../../database/row-locks.ts'
import type { Deps } from '../../../deps.ts'
import { recordEvent } from '../../events/record-event.ts'
import type { Requester } from '../../events/requester.ts'
import { openSession } from '../../row-states.ts'
import { endSessionsOfAccount } from '../../sessions/end-sessions-of-account.ts'

const ACCOUNTS_AT_A_TIME = 8
const FIRST_ID = '00000000-0000-0000-0000-000000000000'
const REASON = 'revoked_by_operator'

/**
 * Ends the sessions of all accounts that were created before a time, and the email changes that these sessions requested.
 * Each account is one transaction: if a run is interrupted, running it again ends the rest.
 */
export async function endAllSessions(
  deps: Deps,
  input: { before: Date; by: Requester },
): Promise<{ accounts: number; sessions: number }> {
  const { before, by } = input
  const total = { accounts: 0, sessions: 0 }
  // A sign-in that began before that time may be committed behind the pass. The next pass finds it.
  while (await endInOnePass(deps, input, total));
  const details = { before: before.toISOString(), ...total }
  await inTransaction(deps.db, (tx) =>
    recordEvent(tx, { type: 'sessions.ended_by_operator', at: deps.clock.now(), ...by, details }),
  )
  return total
}

/**
 * Goes through the accounts that have such sessions, in the order of their ids, so that each page costs the same however
 * many sessions there are.
 *
 * @returns whether it has ended any session.
 */
async function endInOnePass(
  deps: Deps,
  input: { before: Date; by: Requester },
  total: { accounts: number; sessions: number },
): Promise<boolean> {
  const endedBefore = total.sessions
  for (let after = FIRST_ID; ; ) {
    const ids = await readAccountIds(deps, { after, before: input.before })
    const ended = await Promise.all(ids.map((accountId) => endOldSessions(deps, { accountId, ...input })))
    total.accounts += ended.filter((sessions) => sessions > 0).length
    total.sessions += ended.reduce((sum, sessions) => sum + sessions, 0)
    const last = ids.at(-1)
    if (last === undefined) return total.sessions > endedBefore
    after = last
  }
}

/** With `distinct` in place of `groupBy`, Prisma 7.10 would read every open session and choose the accounts itself. */
async function readAccountIds(deps: Deps, { after, before }: { after: string; before: Date }): Promise<string[]> {
  const rows = await deps.db.session.groupBy({
    by: ['accountId'],
    where: { ...openSession(deps.clock.now()), accountId: { gt: after }, createdAt: { lt: before } },
    orderBy: { accountId: 'asc' },
    take: ACCOUNTS_AT_A_TIME,
  })
  return rows.map(({ accountId }) => accountId)
}

async function endOldSessions(deps: Deps, input: { accountId: string; before: Date; by: Requester }): Promise<number> {
  const { accountId, before, by } = input
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    await lockAccountRow(tx, accountId)
    const ids = await sessionIds(tx, { accountId, before, now })
    for (const only of ids) await endSessionsOfAccount(tx, { accountId, only, reason: REASON, now })
    if (ids.length > 0) {
      const details = { reason: REASON, all: ids.length }
      await recordEvent(tx, { type: 'session.ended', at: now, accountId, ...by, details })
    }
    return ids.length
  })
}

async function sessionIds(
  tx: Transaction,
  { accountId, before, now }: { accountId: string; before: Date; now: Date },
): Promise<string[]> {
  const rows = await tx.session.findMany({
    where: { accountId, ...openSession(now), createdAt: { lt: before } },
    orderBy: { id: 'asc' },
    select: { id: true },
  })
  return rows.map(({ id }) => id)
}
