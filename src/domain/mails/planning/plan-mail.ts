import type { RequestedMail } from '../mail-jobs.ts'
import { readLocale } from '../read-locale.ts'
import { planConfirmEmail, planEmailChanged, planEmailChangeRequested } from './plan-email-change-mails.ts'
import { planRegistration, planVerification } from './plan-registration-mails.ts'
import { planChoosePasswordOfAccount, planReset, planResetAfterRevert, planResetBySupport } from './plan-reset-mails.ts'
import type { LocalizedMail, MailPlan, Planning, UnsentMail } from './planned-mail.ts'

/** Decides which mail is sent for each request. Unlike the request, it looks up whether there is an account. */
const planners: Readonly<Record<RequestedMail, (planning: Planning) => Promise<MailPlan>>> = {
  registration: planRegistration,
  verification: planVerification,
  reset_password: planReset,
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

/** Decides which mail is sent and in which locale, or why none is, in the transaction that creates the mail's link. */
export async function planMail(planning: Planning): Promise<LocalizedMail | UnsentMail> {
  const plan = await planners[planning.mail.request as RequestedMail](planning)
  return 'unsent' in plan ? plan : { ...plan, locale: await readLocale(planning, plan) }
}

/** A notice goes to the address that it was queued for, even if the account has changed since. */
function planNotice(kind: 'email_change_reverted' | 'password_changed' | 'password_was_reset') {
  return async ({ mail }: Planning): Promise<MailPlan> => ({
    to: mail,
    accountId: mail.accountId,
    text: { kind, matter: {} },
  })
}
