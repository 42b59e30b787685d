import { Prisma } from '../../../database/generated/client.ts'
import { createMailedLink } from '../../mailed-links/create-mailed-link.ts'
import { endLinksOfMails } from '../../mailed-links/end-mailed-links.ts'
import type { RequestedMail } from '../mail-jobs.ts'
import type { HandWrittenPlanning, PlannedMail, Planning } from './planned-mail.ts'

/**
 * Keep more than one link alive: the person may open the first mail after asking twice. But keep few, so that ten requests
 * do not leave ten working links.
 */
export const MOST_LIVE_LINKS = 3

/** The account that the instructions are for. An address with registrations only has none. */
export interface ResetAccount {
  readonly id: string
  readonly email: string
  readonly locale: string | null
  readonly credentialVersion: number
}

/** A mail with a reset link that still works. */
export interface LiveLink {
  readonly mailId: string
  readonly request: RequestedMail
}

/**
 * An expression: the mails in the mailbox whose reset links still work, as a JSON array of `LiveLink`, the newest first. A
 * mail that was not sent, or that bounced, is not in the mailbox, so its link does not count. A mail that was sent again
 * has a link for each attempt, and counts once. Lock the mailbox first.
 */
export function liveLinksOf({ mail, now }: Planning | HandWrittenPlanning, account: ResetAccount | null): Prisma.Sql {
  const accountId = account?.id ?? null
  return Prisma.sql`(
    SELECT coalesce(json_agg(json_build_object('mailId', m.id, 'request', m.request) ORDER BY live.newest DESC), '[]')
    FROM (
      SELECT mail_id, max(created_at) AS newest FROM mailed_tokens
      WHERE address = ${mail.address} AND purpose = 'reset_password' AND mail_id <> ${mail.id}::uuid
        AND spent_at IS NULL AND ended_at IS NULL AND expires_at > ${now}::timestamptz
        AND account_id IS NOT DISTINCT FROM ${accountId}::uuid
        AND (account_id IS NULL OR credential_version = ${account?.credentialVersion ?? null}::int)
      GROUP BY mail_id
    ) AS live
    JOIN mails m ON m.id = live.mail_id AND m.state = ANY(${IN_THE_MAILBOX}::text[]))`
}

/** The states of a mail that has reached its mailbox, or that may still reach it. */
const IN_THE_MAILBOX = ['sending', 'sent', 'deferred', 'delivered', 'opened']

/** Makes room for one more link: invalidates Support's oldest links if the mailbox has too many. */
export async function endSupportLinks(
  { tx, now }: Planning | HandWrittenPlanning,
  live: readonly LiveLink[],
): Promise<void> {
  const ofSupport = live.filter(({ request }) => request === 'reset_by_support')
  const tooMany = live.length + 1 - MOST_LIVE_LINKS
  if (tooMany <= 0 || ofSupport.length === 0) return
  await endLinksOfMails(tx, { mailIds: ofSupport.slice(-tooMany).map(({ mailId }) => mailId), now })
}

export function planResetLink(
  planning: Planning | HandWrittenPlanning,
  account: ResetAccount | null,
  requestedBy: 'person' | 'support',
): PlannedMail {
  const { token, link } = createMailedLink(planning, { purpose: 'reset_password', ...(account && { account }) })
  return {
    to: { email: account?.email ?? planning.mail.email, address: planning.mail.address },
    accountId: account?.id ?? null,
    accountLocale: account?.locale ?? null,
    text: { kind: 'reset_password', matter: { ...link, requestedBy } },
    token,
  }
}
