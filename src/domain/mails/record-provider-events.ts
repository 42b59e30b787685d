import { inTransaction, type Transaction } from '../../database/client.ts'
import { lockMailRows } from '../../database/row-locks.ts'
import type { Deps } from '../../deps.ts'
import type { ProviderEvent, ProviderEventType } from '../../mail/sendgrid-events.ts'
import { countMailOutcomes } from './mail-outcomes.ts'
import { suppress } from './suppressed-addresses.ts'

/** One transaction records this many events well within its time limit. */
const MOST_AT_ONCE = 200

/**
 * Records the events that the provider reports about our mails, each event once even if it is reported again, and
 * updates the states of the mails. Events arrive late and in any order, so a state only moves forward. Events about
 * mails that we do not know, such as those of another service on the same provider account, are ignored.
 *
 * @returns how many events were new.
 */
export async function recordProviderEvents(deps: Deps, events: readonly ProviderEvent[]): Promise<number> {
  const now = deps.clock.now()
  let recorded = 0
  for (let start = 0; start < events.length; start += MOST_AT_ONCE) {
    const batch = events.slice(start, start + MOST_AT_ONCE).map((event) => notAfter(event, now))
    recorded += await inTransaction(deps.db, (tx) => recordBatch(tx, batch, now))
  }
  return recorded
}

/** The provider's clock may be ahead of ours. Support must not see a time in the future. */
function notAfter(event: ProviderEvent, now: Date): ProviderEvent {
  return event.at > now ? { ...event, at: now } : event
}

interface Progress {
  readonly state: string
  readonly stateAt: Date
  readonly reason: string | null
}

async function recordBatch(tx: Transaction, events: readonly ProviderEvent[], now: Date): Promise<number> {
  const mails = await readAndLockMails(tx, [...new Set(events.map(({ mailId }) => mailId))])
  const known = events.filter(({ mailId }) => mails.has(mailId))
  const fresh = await tx.mailEvent.createManyAndReturn({
    data: known.map((event) => ({ ...event, receivedAt: now })),
    skipDuplicates: true,
    select: { id: true },
  })
  const freshIds = new Set(fresh.map(({ id }) => id))
  const news = known.filter(({ id }) => freshIds.delete(id)) // an id that is twice in a batch counts once
  news.sort((one, other) => one.at.getTime() - other.at.getTime())

  for (const [id, mail] of mails) {
    const events = news.filter(({ mailId }) => mailId === id)
    const progress = events.reduce<Progress>(advance, mail)
    if (progress !== mail) {
      const { state, stateAt, reason } = progress
      await tx.mail.update({ where: { id }, data: { state, stateAt, reason } })
    }
    await suppress(tx, mail.address, events)
  }
  await countMailOutcomes(
    tx,
    news.map(({ mailId, type }) => ({ kind: mails.get(mailId)?.kind ?? 'unknown', outcome: type })),
  )
  return news.length
}

async function readAndLockMails(
  tx: Transaction,
  ids: readonly string[],
): Promise<Map<string, Progress & { readonly address: string; readonly kind: string | null }>> {
  await lockMailRows(tx, ids)
  const mails = await tx.mail.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, kind: true, address: true, state: true, stateAt: true, reason: true },
    orderBy: { id: 'asc' },
  })
  return new Map(mails.map(({ id, ...mail }) => [id, mail]))
}

/** `processed` is missing: it says that SendGrid has the mail, as our own `sent` does. */
const STATE_AFTER: Readonly<Partial<Record<ProviderEventType, string>>> = {
  deferred: 'deferred',
  delivered: 'delivered',
  spam_reported: 'delivered',
  opened: 'opened',
  clicked: 'opened',
  bounced: 'bounced',
  blocked: 'bounced',
  dropped: 'dropped',
}

/**
 * A bounce may follow a delivery, because a server may accept a mail and return it later. Nothing follows a bounce or a
 * drop: a `delivered` that arrives afterwards happened before. Of several deferrals, the newest gives the reason.
 */
function advance(mail: Progress, { type, at, reason }: ProviderEvent): Progress {
  const state = STATE_AFTER[type]
  if (state === undefined) return mail
  const isFurther = progressOf(state) > progressOf(mail.state)
  const isNewerReason = state === 'deferred' && mail.state === 'deferred' && at > mail.stateAt
  return isFurther || isNewerReason ? { state, stateAt: at, reason } : mail
}

const FORWARD = ['sending', 'sent', 'deferred', 'delivered', 'opened']

/** Our own final states (`failed`, `not_needed` …) come before all others, because the provider knows the later state. */
function progressOf(state: string): number {
  return state === 'bounced' || state === 'dropped' ? FORWARD.length : FORWARD.indexOf(state)
}
