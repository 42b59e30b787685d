import { Logger, runOnce } from 'graphile-worker'
import type { Deps } from '../../src/deps.ts'
import type { RequestedMail } from '../../src/domain/mails/mail-jobs.ts'
import type { Mailer } from '../../src/mail/mailer.ts'
import type { MailKind } from '../../src/mail/templates/render.ts'
import { createTasks } from '../../src/worker/tasks.ts'
import type { SendgridStandIn } from './sendgrid-stand-in.ts'

export interface ReceivedMail {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly kind: MailKind | null
  readonly token: string | null
}

const SILENT = new Logger(() => () => undefined)

/** All mails that SendGrid would have delivered. Before each look into it, the real worker finishes its queue. */
export class Mailbox {
  readonly #deps: Deps
  readonly #mailer: Mailer
  readonly #sendgrid: SendgridStandIn

  constructor(deps: Deps, mailer: Mailer, sendgrid: SendgridStandIn) {
    this.#deps = deps
    this.#mailer = mailer
    this.#sendgrid = sendgrid
  }

  /** Runs every waiting job, including those that are scheduled for later. */
  async drain(): Promise<void> {
    const { rowCount } = await this.#deps.pool.query(
      'UPDATE graphile_worker._private_jobs SET run_at = least(run_at, now()) WHERE locked_at IS NULL',
    )
    if (rowCount) await this.work()
  }

  /** Runs the jobs that are due. Without a delay, graphile-worker 0.17.3 does not await that they are marked as done. */
  async work(): Promise<void> {
    await runOnce({
      pgPool: this.#deps.pool,
      taskList: createTasks(this.#deps, this.#mailer),
      logger: SILENT,
      noHandleSignals: true,
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    })
  }

  /** The mails to an address, the oldest first. */
  async to(email: string): Promise<ReceivedMail[]> {
    await this.drain()
    const received = this.#sendgrid.mails.filter((mail) => mail.to.toLowerCase() === email.toLowerCase())
    return Promise.all(received.map((mail) => this.#read(mail)))
  }

  /** The token in the newest mail of a kind to an address. */
  async token(email: string, kind: MailKind): Promise<string> {
    const mails = (await this.to(email)).filter((mail) => mail.kind === kind)
    const token = mails.at(-1)?.token
    if (!token) throw new Error(`no ${kind} link was mailed to ${email}`)
    return token
  }

  async kinds(email: string): Promise<Array<MailKind | null>> {
    return (await this.to(email)).map((mail) => mail.kind)
  }

  /** The mails that `act` causes, to any address, as `kind to address` in alphabetical order. */
  async during(act: () => Promise<unknown>): Promise<string[]> {
    await this.drain()
    const before = this.#sendgrid.mails.length
    await act()
    await this.drain()
    const mails = await Promise.all(this.#sendgrid.mails.slice(before).map((mail) => this.#read(mail)))
    return mails.map(({ kind, to }) => `${kind} to ${to}`).sort()
  }

  /** The state of the newest mail of this request, and its reason, after all waiting jobs have run. */
  async endOf(request: RequestedMail, address: string): Promise<{ state: string; reason: string | null } | null> {
    await this.drain()
    const where = { request, address }
    return this.#deps.db.mail.findFirst({ where, orderBy: { queuedAt: 'desc' }, select: { state: true, reason: true } })
  }

  async #read(mail: SendgridStandIn['mails'][number]): Promise<ReceivedMail> {
    const row = await this.#deps.db.mail.findUnique({
      where: { id: mail.customArgs['latchkeyMailId'] ?? mail.messageId },
      select: { kind: true },
    })
    const token = /#token=([A-Za-z0-9_-]+)/.exec(mail.text)?.[1] ?? null
    return {
      to: mail.to,
      subject: mail.subject,
      text: mail.text,
      html: mail.html,
      kind: (row?.kind ?? null) as MailKind | null,
      token,
    }
  }
}
