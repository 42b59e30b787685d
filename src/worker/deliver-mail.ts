import { inTransaction } from '../database/client.ts'
import type { Mail } from '../database/generated/client.ts'
import type { Deps } from '../deps.ts'
import { addMailJob, type RequestedMail } from '../domain/mails/mail-jobs.ts'
import { countMailOutcomes } from '../domain/mails/mail-outcomes.ts'
import { hashMailbox } from '../domain/mails/mailbox.ts'
import { planMail } from '../domain/mails/planning/plan-mail.ts'
import type { LocalizedMail, UnsentMail } from '../domain/mails/planning/planned-mail.ts'
import type { MailContext } from '../domain/mails/queue-mail.ts'
import { describeDevice } from '../mail/device.ts'
import {
  type Mailer,
  type OutgoingMail,
  PermanentMailError,
  TemporaryMailError,
  withoutAddresses,
} from '../mail/mailer.ts'
import { type MailKind, renderMail } from '../mail/templates/render.ts'
import { chooseWording } from '../mail/texts/wording.ts'
import { retryDelaySeconds } from '../retry-delay.ts'

/**
 * After three days a mail is of no use any more. Until then it is retried at least once a minute, so that it is sent
 * soon after an outage.
 */
const GIVE_UP_AFTER_SECONDS = 3 * 86_400
const RETRY = { firstSeconds: 2, longestSeconds: 60 }
/**
 * A mailbox that was reported as missing is tried less often, because providers judge a sender by how often it tries
 * such mailboxes.
 */
const RETRY_REJECTED = { firstSeconds: 60, longestSeconds: 3600 }

/**
 * The mails that protect an account. They are retried for three days even if the provider says that the mailbox does not
 * exist: such an answer may be wrong, and without its mail the owner loses the account.
 */
const PROTECTIVE: ReadonlySet<MailKind> = new Set([
  'reset_password',
  'reset_after_revert',
  'email_change_requested',
  'email_changed',
  'email_change_reverted',
  'password_changed',
  'password_was_reset',
])

export type DeliveryOutcome = 'sent' | 'postponed' | 'failed' | UnsentMail['unsent']

/**
 * Takes one mail from the queue to the provider: decides what is sent, creates its link, sends it and records the
 * outcome. No transaction is open while the request to the provider is running. If the process is killed in between,
 * the mail is sent again with a new link: a mail may be sent twice, but none is lost.
 *
 * @returns null if the mail needs no sending: it was sent before, or its account was erased.
 */
export async function deliverMail(deps: Deps, mailer: Mailer, mail: Mail): Promise<DeliveryOutcome | null> {
  const attempt: Attempt = { mail, planned: null }
  try {
    const plan = await prepare(deps, mail.id)
    if (plan === null) return null
    if ('unsent' in plan) return plan.unsent
    attempt.planned = plan
    const { providerMessageId } = await mailer.send(compose(deps, mail, plan))
    await settleSent(deps, mail.id, { kind: plan.text.kind, providerMessageId })
    deps.log.info({ ...describe(attempt), accountId: plan.accountId }, 'mail sent')
    return 'sent'
  } catch (error) {
    return settleFailure(deps, attempt, error)
  }
}

interface Attempt {
  readonly mail: Mail
  planned: LocalizedMail | null
}

/** @returns the mail's plan, or null if the mail was sent before or was erased. */
async function prepare(deps: Deps, mailId: string): Promise<LocalizedMail | UnsentMail | null> {
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    const mail = await tx.mail.findUnique({ where: { id: mailId } })
    if (!mail || (mail.state !== 'queued' && mail.state !== 'sending')) return null
    const plan = await planMail({ deps, tx, mail, now })
    if ('unsent' in plan) {
      const { unsent, reason } = plan
      await tx.mail.update({ where: { id: mailId }, data: { state: unsent, reason, stateAt: now } })
      await countMailOutcomes(tx, [{ kind: mail.request, outcome: unsent }])
      return plan
    }
    const { text, accountId, to } = plan
    const { email, address } = to
    const mailbox = hashMailbox(deps, address)
    await tx.mail.update({
      where: { id: mailId },
      data: { kind: text.kind, accountId, email, address, mailbox, state: 'sending', stateAt: now },
    })
    return plan
  })
}

function compose(deps: Deps, mail: Mail, { text, to, locale }: LocalizedMail): OutgoingMail {
  const { productName, supportContact, mailDesign, mailTexts } = deps.config
  const { at, ip, userAgent } = mail.context as MailContext
  const wording = chooseWording(mailTexts, locale)
  const device = ip === null && userAgent === null ? null : describeDevice(userAgent, ip, wording.texts.words)
  const frame = { ...mailDesign, wording, productName, supportContact, at: new Date(at), device }
  const { subject, text: plainText, html } = renderMail(text, frame)
  const link = 'link' in text.matter ? text.matter.link : null
  return {
    id: mail.id,
    kind: text.kind,
    from: deps.config.mail.from,
    to: to.email,
    subject,
    text: plainText,
    html,
    link,
  }
}

/**
 * The provider's event about a mail may arrive before this update, and a state never goes back. `updateMany` is used
 * here and below because the account may have been erased while the request to the provider was running.
 */
async function settleSent(
  deps: Deps,
  mailId: string,
  sent: { kind: MailKind; providerMessageId: string | null },
): Promise<void> {
  const now = deps.clock.now()
  const { kind, providerMessageId } = sent
  await inTransaction(deps.db, async (tx) => {
    await tx.mail.updateMany({
      where: { id: mailId },
      data: { sentAt: now, providerMessageId, attempts: { increment: 1 } },
    })
    await tx.mail.updateMany({
      where: { id: mailId, state: 'sending' },
      data: { state: 'sent', reason: null, stateAt: now },
    })
    await countMailOutcomes(tx, [{ kind, outcome: 'sent' }])
  })
}

async function settleFailure(deps: Deps, attempt: Attempt, error: unknown): Promise<'postponed' | 'failed'> {
  const { mail, planned } = attempt
  const kind = planned?.text.kind
  const isRejected = error instanceof PermanentMailError
  const isFinal = isTooOld(deps, mail) || (isRejected && kind !== undefined && !PROTECTIVE.has(kind))
  const isFromProvider = isRejected || error instanceof TemporaryMailError
  const reason = isFromProvider ? error.message : 'The mail could not be prepared'
  const details = { ...describe(attempt), reason: withoutAddresses(reason), ...(isFromProvider ? {} : { err: error }) }
  if (isFinal) {
    await settleFailed(deps, attempt, reason)
    deps.log.error(details, 'mail failed')
    return 'failed'
  }
  const delaySeconds = retryDelaySeconds(mail.attempts + 1, isRejected ? RETRY_REJECTED : RETRY)
  await postpone(deps, attempt, { reason, delaySeconds })
  deps.log.warn(details, 'mail postponed')
  return 'postponed'
}

/**
 * Only mails without an event from the provider. If there is an event, the provider has the mail, even if its answer to us
 * was lost.
 */
const STILL_WAITING = { state: { in: ['queued', 'sending'] } }

async function settleFailed(deps: Deps, attempt: Attempt, reason: string): Promise<void> {
  const { id } = attempt.mail
  await inTransaction(deps.db, async (tx) => {
    const { count } = await tx.mail.updateMany({
      where: { id, ...STILL_WAITING },
      data: { state: 'failed', reason, stateAt: deps.clock.now(), attempts: { increment: 1 } },
    })
    if (count === 1) await countMailOutcomes(tx, [{ kind: nameOf(attempt), outcome: 'failed' }])
  })
}

async function postpone(deps: Deps, attempt: Attempt, retry: { reason: string; delaySeconds: number }): Promise<void> {
  const { id, request, network } = attempt.mail
  await inTransaction(deps.db, async (tx) => {
    const { count } = await tx.mail.updateMany({
      where: { id, ...STILL_WAITING },
      data: { state: 'queued', reason: retry.reason, attempts: { increment: 1 } },
    })
    if (count === 0) return
    await addMailJob(tx, { id, request: request as RequestedMail, network }, retry.delaySeconds)
    await countMailOutcomes(tx, [{ kind: nameOf(attempt), outcome: 'postponed' }])
  })
}

/** The kind of mail that was sent, or the requested kind if none was chosen yet. */
function nameOf({ mail, planned }: Attempt): string {
  return planned?.text.kind ?? mail.request
}

function describe(attempt: Attempt): { mailId: string; kind: string; requestId: string | null } {
  const { requestId = null } = attempt.mail.context as MailContext
  return { mailId: attempt.mail.id, kind: nameOf(attempt), requestId }
}

function isTooOld(deps: Deps, mail: Mail): boolean {
  return deps.clock.now().getTime() - mail.queuedAt.getTime() > GIVE_UP_AFTER_SECONDS * 1000
}
