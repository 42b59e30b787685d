import type { MailPlan, Planning } from './mail-plan.ts'
import { planConfirmEmailMail, planEmailChangedMail, planEmailChangeRequestedMail } from './plan-email-change-mail.ts'
import { planRegistrationMail, planVerificationMail } from './plan-registration-mail.ts'
import { planResetAfterRevertMail, planResetBySupportMail, planResetMail } from './plan-reset-mail.ts'
import type { RequestedMail } from './queue-mail.ts'

/** From what was asked to what is sent: here, and not in the request, it shows whether there is an account. */
const planners: Readonly<Record<RequestedMail, (planning: Planning) => Promise<MailPlan>>> = {
  registration: planRegistrationMail,
  verification: planVerificationMail,
  reset_password: planResetMail,
  reset_by_support: planResetBySupportMail,
  reset_after_revert: planResetAfterRevertMail,
  confirm_email: planConfirmEmailMail,
  email_change_requested: planEmailChangeRequestedMail,
  email_changed: planEmailChangedMail,
  email_change_reverted: planNotice('email_change_reverted'),
  password_changed: planNotice('password_changed'),
  password_was_reset: planNotice('password_was_reset'),
}

export async function planMail(planning: Planning): Promise<MailPlan> {
  return planners[planning.mail.request as RequestedMail](planning)
}

/** A notice goes to the address it was queued for, whatever has become of the account since. */
function planNotice(kind: 'email_change_reverted' | 'password_changed' | 'password_was_reset') {
  return async ({ mail }: Planning): Promise<MailPlan> => ({ kind, to: mail, accountId: mail.accountId, data: {} })
}
