import type { Mail, MailEvent, MailedToken } from '../../../database/generated/client.ts'
import type { Deps } from '../../../deps.ts'
import { endsOfLinks, type LinkEnd } from './link-end.ts'

/** Something that happened to a mail, or to the link in it. */
export interface MailStep {
  readonly state: string
  readonly at: Date
  readonly reason: string | null
}

/** The state of the link in a mail. The link itself is never shown. */
export interface LinkView extends LinkEnd {
  readonly expiresAt: Date
  readonly checkedAt: Date | null
  readonly usedAt: Date | null
}

/** A mail as Support sees it: everything except its text and its link. */
export interface MailView {
  readonly id: string
  readonly accountId: string | null
  /** The kind of mail that was requested. */
  readonly request: string
  /** The kind of mail that was sent. Null until the worker has decided, and if nothing was sent. */
  readonly kind: string | null
  readonly address: string
  readonly receipt: string | null
  readonly state: string
  /** Why the mail is in this state. For a queued mail: why the last attempt failed. */
  readonly reason: string | null
  readonly attempts: number
  readonly queuedAt: Date
  readonly sentAt: Date | null
  readonly link: LinkView | null
  /** The oldest step first. */
  readonly history: MailStep[]
}

/** Adds to mails the states of their links, and every event that the provider reported. */
export async function viewMails(deps: Deps, mails: readonly Mail[]): Promise<MailView[]> {
  const mailId = { in: mails.map(({ id }) => id) }
  const links = await deps.db.mailedToken.findMany({ where: { mailId }, orderBy: { createdAt: 'asc' } })
  const ends = await endsOfLinks(deps, links)
  const events = await deps.db.mailEvent.findMany({ where: { mailId }, orderBy: { at: 'asc' } })
  return mails.map((mail) => {
    const link = viewLink(
      links.filter((each) => each.mailId === mail.id),
      ends,
    )
    return {
      id: mail.id,
      accountId: mail.accountId,
      request: mail.request,
      kind: mail.kind,
      address: mail.email,
      receipt: mail.receipt,
      state: mail.state,
      reason: mail.reason,
      attempts: mail.attempts,
      queuedAt: mail.queuedAt,
      sentAt: mail.sentAt,
      link,
      history: historyOf(
        mail,
        link,
        events.filter((event) => event.mailId === mail.id),
      ),
    }
  })
}

/** A mail that was sent again has a link for each attempt. The person may have received any of them. */
function viewLink(links: readonly MailedToken[], ends: ReadonlyMap<string, LinkEnd>): LinkView | null {
  const newest = links.at(-1)
  if (!newest) return null
  const decisive = links.find(({ spentAt }) => spentAt !== null) ?? newest
  const firstOf = (times: Array<Date | null>) => times.find((time) => time !== null) ?? null
  return {
    expiresAt: newest.expiresAt,
    checkedAt: firstOf(links.map(({ checkedAt }) => checkedAt)),
    usedAt: firstOf(links.map(({ spentAt }) => spentAt)),
    endedAt: ends.get(decisive.tokenHash)?.endedAt ?? null,
    endReason: ends.get(decisive.tokenHash)?.endReason ?? null,
  }
}

/**
 * The steps in the order of their times. A provider reports late and out of order, so its events keep their own times.
 * `processed` and `clicked` are provider events that do not change the state of a mail.
 */
function historyOf(mail: Mail, link: LinkView | null, events: readonly MailEvent[]): MailStep[] {
  const steps: MailStep[] = [
    { state: 'queued', at: mail.queuedAt, reason: null },
    ...(mail.sentAt ? [{ state: 'sent', at: mail.sentAt, reason: null }] : []),
    ...events.map(({ type, at, reason }) => ({ state: type, at, reason })),
    ...(link?.checkedAt ? [{ state: 'link_checked', at: link.checkedAt, reason: null }] : []),
    ...(link?.usedAt ? [{ state: 'link_used', at: link.usedAt, reason: null }] : []),
  ]
  const { state, stateAt: at, reason } = mail
  const isListed = steps.some(
    (step) => step.state === state || (step.at.getTime() === at.getTime() && events.length > 0),
  )
  if (!isListed) steps.push({ state, at, reason })
  return steps.sort((one, other) => one.at.getTime() - other.at.getTime())
}
