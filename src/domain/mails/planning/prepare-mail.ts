import { inHandWrittenTransaction, inTransaction } from '../../../database/client.ts'
import type { Deps } from '../../../deps.ts'
import type { RequestedMail } from '../mail-jobs.ts'
import { readLocale, requestedLocale } from '../read-locale.ts'
import type { WaitingMail } from '../read-waiting-mail.ts'
import { planConfirmEmail, planEmailChanged, planEmailChangeRequested } from './plan-email-change-mails.ts'
import { planRegistration, planVerification } from './plan-registration-mails.ts'
import { planRequestedReset } from './plan-requested-reset.ts'
import { planChoosePasswordOfAccount, planResetAfterRevert, planResetBySupport } from './plan-reset-mails.ts'
import type { LocalizedMail, MailPlan, Planning, UnsentMail } from './planned-mail.ts'
import { storePlan } from './store-plan.ts'

/** Decides which mail is sent for each request. Unlike the request, it looks up whether there is an account. */
const planners: Readonly<
  Record<Exclude<RequestedMail, 'reset_password'>, (planning: Planning) => MailPlan | Promise<MailPlan>>
> = {
  registration: planRegistration,
  verification: planVerification,
  reset_by_support: planResetBySupport,
  reset_after_revert: planResetAfterRevert,
  choose_password: planChoosePasswordOfAccount,
  confirm_email: planConfirmEmail,
  email_change_requested: planEmailChangeRequested,
  email_changed: planEmailChanged,
  email_change_reverted: planNotice('email_change_reverted'),
  password_changed: planNotice('password_changed'),
  password_was_reset: planNotice('password_was_reset'),
}

/**
 * Decides which mail is sent and in which locale, or why none is, and stores the decision with the mail's link, in one
 * transaction.
 *
 * @returns null if the mail is not waiting any more: it was sent before, or was erased.
 */
export async function prepareMail(deps: Deps, mail: WaitingMail): Promise<LocalizedMail | UnsentMail | null> {
  const now = deps.clock.now()
  const { request } = mail
  if (request === 'reset_password') {
    return inHandWrittenTransaction(deps.pool, async (tx) => {
      const planning = { deps, tx, mail, now }
      const plan = await planRequestedReset(planning)
      if ('unsent' in plan) return plan
      return storePlan(planning, { ...plan, locale: plan.accountLocale ?? requestedLocale(deps, mail) })
    })
  }
  return inTransaction(deps.db, async (tx) => {
    const planning = { deps, tx, mail, now }
    const plan = await planners[request](planning)
    if ('unsent' in plan) return plan
    return storePlan(planning, { ...plan, locale: await readLocale(planning, plan) })
  })
}

/** A notice goes to the address that it was queued for, even if the account has changed since. */
function planNotice(kind: 'email_change_reverted' | 'password_changed' | 'password_was_reset') {
  return ({ mail }: Planning): MailPlan => ({ to: mail, accountId: mail.accountId, text: { kind, matter: {} } })
}
