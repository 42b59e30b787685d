import type { Database } from '../../database/client.ts'
import type { Mail, MailEvent, MailedToken } from '../../database/generated/client.ts'

/** Something that became of a mail, or of the link in it. */
export interface MailStep {
  readonly state: string
  readonly at: Date
  readonly reason: string | null
}

/** A mail's life as Support sees it: everything but its text and its link. */
export interface MailView {
  readonly id: string
  readonly accountId: string | null
  /** What was asked for, and what was sent for it: null until then, or where nothing was. */
  readonly request: string
  readonly kind: string | null
  readonly address: string
  readonly receipt: string | null
  readonly state: string
  /** Why it is in this state; for a queued one, why the last try failed. */
  readonly reason: string | null
  readonly attempts: number
  readonly queuedAt: Date
  readonly sentAt: Date | null
  readonly link: { readonly expiresAt: Date; readonly checkedAt: Date | null; readonly usedAt: Date | null } | null
  /** The oldest first. */
  readonly history: MailStep[]
}

/** Adds to mails what became of their links, and every word of the provider's. */
export async function viewMails(db: Database, mails: readonly Mail[]): Promise<MailView[]> {
  const mailId = { in: mails.map(({ id }) => id) }
  // Revert links are left out: one that is used spends others too, which would look as if those had been opened.
  const links = await db.mailedToken.findMany({
    where: { mailId, purpose: { not: 'revert_email' } },
    orderBy: { createdAt: 'asc' },
  })
  const words = await db.mailEvent.findMany({ where: { mailId }, orderBy: { at: 'asc' } })
  return mails.map((mail) => {
    const { id, accountId, request, kind, email: address, receipt, state, reason, attempts, queuedAt, sentAt } = mail
    const link = toLink(links.filter((each) => each.mailId === id))
    const told = words.filter((word) => word.mailId === id)
    const fate = { state, reason, attempts, queuedAt, sentAt, link, history: historyOf(mail, link, told) }
    return { id, accountId, request, kind, address, receipt, ...fate }
  })
}

/** A mail that was tried again carries the newest of its links, and perhaps an earlier one was delivered all the same. */
function toLink(links: readonly MailedToken[]): MailView['link'] {
  const newest = links.at(-1)
  if (!newest) return null
  const first = (times: Array<Date | null>) => times.find((time) => time !== null) ?? null
  return {
    expiresAt: newest.expiresAt,
    checkedAt: first(links.map(({ checkedAt }) => checkedAt)),
    usedAt: first(links.map(({ spentAt }) => spentAt)),
  }
}

/** The provider's words are told in its own, late ones at their own times: `processed` and `clicked` are no states. */
function historyOf(mail: Mail, link: MailView['link'], told: readonly MailEvent[]): MailStep[] {
  const steps: MailStep[] = [
    { state: 'queued', at: mail.queuedAt, reason: null },
    ...(mail.sentAt ? [{ state: 'sent', at: mail.sentAt, reason: null }] : []),
    ...told.map(({ type, at, reason }) => ({ state: type, at, reason })),
    ...(link?.checkedAt ? [{ state: 'link_checked', at: link.checkedAt, reason: null }] : []),
    ...(link?.usedAt ? [{ state: 'link_used', at: link.usedAt, reason: null }] : []),
  ]
  const { state, stateAt: at, reason } = mail
  const isTold = steps.some((step) => step.state === state || (step.at.getTime() === at.getTime() && told.length > 0))
  if (!isTold) steps.push({ state, at, reason })
  return steps.sort((one, other) => one.at.getTime() - other.at.getTime())
}
