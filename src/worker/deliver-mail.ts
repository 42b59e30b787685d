import { inTransaction } from '../database/client.ts'
import type { Mail } from '../database/generated/client.ts'
import type { Deps } from '../deps.ts'
import type { PlannedMail } from '../domain/mails/mail-plan.ts'
import { planMail } from '../domain/mails/plan-mail.ts'
import { addMailJob, type MailContext } from '../domain/mails/queue-mail.ts'
import { describeDevice } from '../mail/device.ts'
import { type Mailer, PermanentMailError } from '../mail/mailer.ts'
import { renderMail } from '../mail/templates/render.ts'

/** A provider that is away gets a try a minute; after three days nobody waits for the mail any more. */
const LONGEST_WAIT_SECONDS = 60
const GIVE_UP_AFTER_SECONDS = 3 * 86_400

/**
 * Takes one mail from the queue to the provider: find out what it is, mint its link, send, write down what came of
 * it. No transaction is open while the provider is asked. A process killed in between sends it once more, with a new
 * link: what may repeat is a mail, what can't is a lost one.
 */
export async function deliverMail(deps: Deps, mailer: Mailer, mailId: string): Promise<void> {
  const prepared = await prepare(deps, mailId)
  if (!prepared) return
  const { mail, planned } = prepared
  try {
    const { providerMessageId } = await send(deps, mailer, mail, planned)
    await settleSent(deps, mailId, providerMessageId)
    deps.log.info({ mailId, kind: planned.kind, accountId: planned.accountId }, 'mail sent')
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown error'
    const hasFailed = error instanceof PermanentMailError || isTooOld(deps, mail)
    if (hasFailed) await settleFailed(deps, mailId, reason)
    else await postpone(deps, mail, reason)
    deps.log[hasFailed ? 'error' : 'warn'](
      { mailId, kind: planned.kind, reason },
      hasFailed ? 'mail failed' : 'mail postponed',
    )
  }
}

/** The mail and what it turned out to be; null where it needs no sending (any more). */
async function prepare(deps: Deps, mailId: string): Promise<{ mail: Mail; planned: PlannedMail } | null> {
  const now = deps.clock.now()
  return inTransaction(deps.db, async (tx) => {
    const mail = await tx.mail.findUnique({ where: { id: mailId } })
    if (!mail || (mail.state !== 'queued' && mail.state !== 'sending')) return null
    const plan = await planMail({ deps, tx, mail, now })
    if ('settled' in plan) {
      await tx.mail.update({ where: { id: mailId }, data: { state: plan.settled, reason: plan.reason, stateAt: now } })
      return null
    }
    const { kind, accountId, to } = plan
    const { email, address } = to
    await tx.mail.update({
      where: { id: mailId },
      data: { kind, accountId, email, address, state: 'sending', stateAt: now },
    })
    return { mail, planned: plan }
  })
}

async function send(
  deps: Deps,
  mailer: Mailer,
  mail: Mail,
  planned: PlannedMail,
): Promise<{ providerMessageId: string | null }> {
  const { productName, supportContact } = deps.config
  const context = mail.context as MailContext
  const common = {
    productName,
    supportContact,
    at: new Date(context.at),
    device: describeDevice(context.userAgent, context.ip),
  }
  // A plan's data belongs to its kind; the compiler loses that link once the union is taken apart.
  const { subject, text, html } = renderMail(planned.kind, { ...planned.data, ...common } as never)
  const link = 'link' in planned.data ? planned.data.link : null
  const { from } = deps.config.mail
  return mailer.send({ id: mail.id, kind: planned.kind, from, to: planned.to.email, subject, text, html, link })
}

/**
 * The provider's own word about a mail may be here before ours: a state never goes back. Written to as many as there
 * are, here and below: the person may have been erased while the provider was asked.
 */
async function settleSent(deps: Deps, mailId: string, providerMessageId: string | null): Promise<void> {
  const now = deps.clock.now()
  const attempts = { increment: 1 }
  await deps.db.mail.updateMany({ where: { id: mailId }, data: { sentAt: now, providerMessageId, attempts } })
  await deps.db.mail.updateMany({
    where: { id: mailId, state: 'sending' },
    data: { state: 'sent', reason: null, stateAt: now },
  })
}

async function settleFailed(deps: Deps, mailId: string, reason: string): Promise<void> {
  await deps.db.mail.updateMany({
    where: { id: mailId, state: 'sending' },
    data: { state: 'failed', reason, stateAt: deps.clock.now(), attempts: { increment: 1 } },
  })
}

/** Unless the provider, though its answer was lost, has said what became of the mail: that was it, then. */
async function postpone(deps: Deps, mail: Mail, reason: string): Promise<void> {
  const delay = Math.min(LONGEST_WAIT_SECONDS, 2 ** Math.min(mail.attempts + 1, 10)) * (0.75 + Math.random() / 2)
  await inTransaction(deps.db, async (tx) => {
    const { count } = await tx.mail.updateMany({
      where: { id: mail.id, state: 'sending' },
      data: { state: 'queued', reason, attempts: { increment: 1 } },
    })
    if (count === 1) await addMailJob(tx, mail.id, delay)
  })
}

function isTooOld(deps: Deps, mail: Mail): boolean {
  return deps.clock.now().getTime() - mail.queuedAt.getTime() > GIVE_UP_AFTER_SECONDS * 1000
}
