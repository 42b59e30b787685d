import { inTransaction, type Transaction } from '../../database/client.ts'
import { lockMailRows } from '../../database/row-locks.ts'
import type { Deps } from '../../deps.ts'
import type { ProviderEvent, ProviderEventType } from '../../mail/sendgrid-events.ts'
import { suppress } from './suppressed-addresses.ts'

/** As many at once as one transaction gets done well within its time. */
const MOST_AT_ONCE = 200

/**
 * Writes down what the provider tells of our mails, each word once however often it is told, and moves the mails'
 * states on. Words arrive late and in any order, so a state only ever goes forward; mails we do not know (another
 * service's on the same provider account) are passed over.
 *
 * @returns how many were new.
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

/** Another machine's clock may be ahead of ours; a mail delivered tomorrow would puzzle everybody. */
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
  const news = known.filter(({ id }) => freshIds.delete(id)) // of one id told twice in a batch, one
  news.sort((one, other) => one.at.getTime() - other.at.getTime())

  for (const [id, mail] of mails) {
    const words = news.filter(({ mailId }) => mailId === id)
    const progress = words.reduce<Progress>(advance, mail)
    if (progress !== mail) {
      const { state, stateAt, reason } = progress
      await tx.mail.update({ where: { id }, data: { state, stateAt, reason } })
    }
    await suppress(tx, mail.address, words)
  }
  return news.length
}

async function readAndLockMails(
  tx: Transaction,
  ids: readonly string[],
): Promise<Map<string, Progress & { readonly address: string }>> {
  await lockMailRows(tx, ids)
  const mails = await tx.mail.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, address: true, state: true, stateAt: true, reason: true },
    orderBy: { id: 'asc' },
  })
  return new Map(mails.map(({ id, ...mail }) => [id, mail]))
}

/** Nothing is said of `processed`: that SendGrid has the mail is what our own `sent` means. */
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
 * A bounce may follow a delivery: a server takes a mail and returns it later. Nothing follows a bounce or a drop; a
 * `delivered` that does is the late word of before. Of several deferrals the newest says why.
 */
function advance(mail: Progress, { type, at, reason }: ProviderEvent): Progress {
  const state = STATE_AFTER[type]
  if (state === undefined) return mail
  const isFurther = progressOf(state) > progressOf(mail.state)
  const isNewerReason = state === 'deferred' && mail.state === 'deferred' && at > mail.stateAt
  return isFurther || isNewerReason ? { state, stateAt: at, reason } : mail
}

const FORWARD = ['sending', 'sent', 'deferred', 'delivered', 'opened']

/** Our own last words (`failed`, `not_needed` …) give way: the provider knows better what became of a mail it has. */
function progressOf(state: string): number {
  return state === 'bounced' || state === 'dropped' ? FORWARD.length : FORWARD.indexOf(state)
}
