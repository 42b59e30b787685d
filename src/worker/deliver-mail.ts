import { inHandWrittenTransaction } from '../database/client.ts'
import type { Deps } from '../deps.ts'
import { addMailJob } from '../domain/mails/mail-jobs.ts'
import { countMailOutcomes } from '../domain/mails/mail-outcomes.ts'
import type { LocalizedMail, UnsentMail } from '../domain/mails/planning/planned-mail.ts'
import { prepareMail } from '../domain/mails/planning/prepare-mail.ts'
import type { WaitingMail } from '../domain/mails/read-waiting-mail.ts'
import { returnToQueue, type SettledMail } from '../domain/mails/settle-mails.ts'
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

/** What the delivery of a mail needs. */
export interface Delivery {
  readonly deps: Deps
  readonly mailer: Mailer
  /** Records what became of a mail. */
  settle(mail: SettledMail): Promise<void>
}

/**
 * Takes one mail from the queue to the provider: decides what is sent, creates its link, sends it and records the
 * outcome. No transaction is open while the request to the provider is running. If the process is killed in between,
 * the mail is sent again with a new link: a mail may be sent twice, but none is lost.
 *
 * @returns null if the mail needs no sending: it was sent before, or its account was erased.
 */
export async function deliverMail(delivery: Delivery, mail: WaitingMail): Promise<DeliveryOutcome | null> {
  const { deps, mailer, settle } = delivery
  const { id } = mail
  const attempt: Attempt = { mail, planned: null }
  try {
    const plan = await prepareMail(deps, mail)
    if (plan === null) return null
    if ('unsent' in plan) {
      const { unsent, reason } = plan
      await settle({ id, kind: mail.request, outcome: unsent, reason, providerMessageId: null })
      return unsent
    }
    attempt.planned = plan
    const { providerMessageId } = await mailer.send(compose(deps, mail, plan))
    await settle({ id, kind: plan.text.kind, outcome: 'sent', reason: null, providerMessageId })
    deps.log.info({ ...describe(attempt), accountId: plan.accountId }, 'mail sent')
    return 'sent'
  } catch (error) {
    return settleFailure(delivery, attempt, error)
  }
}

interface Attempt {
  readonly mail: WaitingMail
  planned: LocalizedMail | null
}

function compose(deps: Deps, mail: WaitingMail, { text, to, locale }: LocalizedMail): OutgoingMail {
  const { productName, supportContact, mailDesign, mailTexts } = deps.config
  const { at, ip, userAgent } = mail.context
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

async function settleFailure(
  { deps, settle }: Delivery,
  attempt: Attempt,
  error: unknown,
): Promise<'postponed' | 'failed'> {
  const { mail, planned } = attempt
  const kind = planned?.text.kind
  const isRejected = error instanceof PermanentMailError
  const isFinal = isTooOld(deps, mail) || (isRejected && kind !== undefined && !PROTECTIVE.has(kind))
  const isFromProvider = isRejected || error instanceof TemporaryMailError
  const reason = isFromProvider ? error.message : 'The mail could not be prepared'
  const details = { ...describe(attempt), reason: withoutAddresses(reason), ...(isFromProvider ? {} : { err: error }) }
  if (isFinal) {
    await settle({ id: mail.id, kind: nameOf(attempt), outcome: 'failed', reason, providerMessageId: null })
    deps.log.error(details, 'mail failed')
    return 'failed'
  }
  const delaySeconds = retryDelaySeconds(mail.attempts + 1, isRejected ? RETRY_REJECTED : RETRY)
  await postpone(deps, attempt, { reason, delaySeconds })
  deps.log.warn(details, 'mail postponed')
  return 'postponed'
}

/** If there is an event from the provider, the provider has the mail, even if its answer to us was lost. */
async function postpone(deps: Deps, attempt: Attempt, retry: { reason: string; delaySeconds: number }): Promise<void> {
  const { mail } = attempt
  const { reason, delaySeconds } = retry
  await inHandWrittenTransaction(deps.pool, async (tx) => {
    if (!(await returnToQueue(tx, mail.id, reason))) return
    await addMailJob(tx, mail, delaySeconds)
    await countMailOutcomes(tx, [{ kind: nameOf(attempt), outcome: 'postponed' }])
  })
}

/** The kind of mail that was sent, or the requested kind if none was chosen yet. */
function nameOf({ mail, planned }: Attempt): string {
  return planned?.text.kind ?? mail.request
}

function describe(attempt: Attempt): { mailId: string; kind: string; requestId: string | null } {
  const { requestId = null } = attempt.mail.context
  return { mailId: attempt.mail.id, kind: nameOf(attempt), requestId }
}

function isTooOld(deps: Deps, mail: WaitingMail): boolean {
  return deps.clock.now().getTime() - mail.queuedAt.getTime() > GIVE_UP_AFTER_SECONDS * 1000
}
