import { Prisma } from '../../../database/generated/client.ts'
import { lockHolderAndMailbox } from '../../../database/row-locks.ts'
import { runStatement } from '../../../database/statement.ts'
import { normalizedForm } from '../../../mail/email-address.ts'
import { isFreeAddress } from '../../addresses/addresses.ts'
import { hashMailbox } from '../mailbox.ts'
import { countRecentMails, type MailLimit, mayMailStrangers } from './mail-limits.ts'
import type { HandWrittenPlanning, MailPlan, PlannedMail } from './planned-mail.ts'
import {
  endSupportLinks,
  type LiveLink,
  liveLinksOf,
  MOST_LIVE_LINKS,
  planResetLink,
  type ResetAccount,
} from './reset-links.ts'

/** Prevents a flood of mails to one mailbox. The links that were sent still work. */
const LIMIT: MailLimit = { requests: ['reset_password'], most: 10, windowSeconds: 3600 }

const NO_ACCOUNT = { unsent: 'no_account', reason: 'no account has this address' } as const

/**
 * Plans the reset instructions that a person requested for an address, which may have no account. Anybody can request
 * them in any number, so the statements are written by hand and are few.
 */
export async function planRequestedReset(planning: HandWrittenPlanning): Promise<MailPlan> {
  const { deps, tx, mail } = planning
  const { address } = mail
  const holder = await lockHolderAndMailbox(tx, { address, mailbox: hashMailbox(deps, address) })
  const { hasAddress, hasRegistration, sent, live } = await readFacts(planning, holder)
  if (holder && !hasAddress) return NO_ACCOUNT
  if (holder?.disabledAt) return { unsent: 'not_needed', reason: 'the account is disabled' }
  if (sent >= LIMIT.most) {
    return { unsent: 'held_back', reason: 'too many reset mails to this address in the last hour' }
  }
  // A locked address may have registrations too, but their links cannot create an account.
  const opensAccount = !holder && hasRegistration && (await isFreeAddress(deps, tx, normalizedForm(address)))
  if (!holder && !opensAccount) return NO_ACCOUNT
  if (live.filter(({ request }) => request === 'reset_password').length >= MOST_LIVE_LINKS) {
    return { unsent: 'held_back', reason: 'three links that still work are in the mailbox already' }
  }
  if (!holder && !(await mayMailStrangers(planning))) {
    return { unsent: 'held_back', reason: 'too many mails were requested from this network in the last hour' }
  }
  await endSupportLinks(planning, live)
  return { ...planResetLink(planning, holder, 'person'), ...(holder && recordRequest(planning, holder.id)) }
}

interface Facts {
  /** Whether the account still has the address, now that it is locked. */
  readonly hasAddress: boolean
  readonly hasRegistration: boolean
  /** The mails of the limit that were sent. */
  readonly sent: number
  readonly live: LiveLink[]
}

async function readFacts(planning: HandWrittenPlanning, holder: ResetAccount | null): Promise<Facts> {
  const { tx, mail, now } = planning
  const { address } = mail
  const [facts] = await runStatement<Facts>(
    tx,
    'read-facts-for-reset',
    Prisma.sql`
      SELECT
        EXISTS (
          SELECT FROM addresses
          WHERE address = ${address} AND account_id = ${holder?.id ?? null}::uuid AND locked_at IS NULL
        ) AS "hasAddress",
        EXISTS (SELECT FROM registrations WHERE address = ${address} AND expires_at > ${now}::timestamptz) AS "hasRegistration",
        ${countRecentMails(planning, LIMIT)} AS sent,
        ${liveLinksOf(planning, holder)} AS live`,
  )
  if (!facts) throw new Error('a statement without a table has one row')
  return facts
}

/** Records the request here, because only the worker looks the account up. A mail that is planned twice counts once. */
function recordRequest({ mail, now }: HandWrittenPlanning, accountId: string): Pick<PlannedMail, 'event'> {
  if (mail.kind !== null) return {}
  const { ip, userAgent, requestId } = mail.context
  const origin = ip !== null && requestId ? { ip, userAgent, requestId, acceptLanguage: null } : null
  return { event: { type: 'password.reset_requested', at: now, accountId, actor: 'anonymous', origin } }
}
