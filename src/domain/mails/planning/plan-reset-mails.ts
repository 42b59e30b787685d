import type { Account } from '../../../database/generated/client.ts'
import { lockMailbox, shareAccountRow } from '../../../database/row-locks.ts'
import { createMailedLink } from '../../mailed-links/create-mailed-link.ts'
import { hashMailbox } from '../mailbox.ts'
import type { MailPlan, Planning, UnsentMail } from './planned-mail.ts'
import { endSupportLinks, type LiveLink, liveLinksOf, planResetLink } from './reset-links.ts'

/**
 * Support sends these instructions because the person got no mail. So no limit of this file holds them back: neither
 * mails that did not arrive nor mails that strangers requested count. support/users/send-reset-instructions.ts limits how
 * many Support may send. A mail from Support ends only older links from Support, never one that the person requested.
 */
export async function planResetBySupport(planning: Planning): Promise<MailPlan> {
  const { deps, tx, mail } = planning
  const account = mail.accountId && (await shareAccountRow(tx, mail.accountId))
  const isCurrent =
    account && (await tx.address.count({ where: { address: mail.address, accountId: account.id, lockedAt: null } })) > 0
  if (!account || !isCurrent) return { unsent: 'not_needed', reason: 'the account has another address by now' }
  if (account.disabledAt) return { unsent: 'not_needed', reason: 'the account is disabled' }
  await lockMailbox(tx, hashMailbox(deps, mail.address)) // otherwise two workers could leave one link too many
  const [row] = await tx.$queryRaw<Array<{ live: LiveLink[] }>>`SELECT ${liveLinksOf(planning, account)} AS live`
  await endSupportLinks(planning, row?.live ?? [])
  return planResetLink(planning, account, 'support')
}

/** Plans the reset instructions after a revert. No limit applies, because the account has no working password. */
export async function planResetAfterRevert(planning: Planning): Promise<MailPlan> {
  const { mail } = planning
  const account = await readAccountWithoutPassword(planning)
  if ('unsent' in account) return account
  const { token, link } = createMailedLink(planning, { purpose: 'reset_password', account })
  return {
    to: { email: account.email, address: mail.address },
    accountId: account.id,
    accountLocale: account.locale,
    text: { kind: 'reset_after_revert', matter: { ...link, email: account.email } },
    token,
  }
}

/** Plans the mail after a verification that could not decide which password is the owner's: see verify-email.ts. */
export async function planChoosePasswordOfAccount(planning: Planning): Promise<MailPlan> {
  const { deps, mail, now } = planning
  const account = await readAccountWithoutPassword(planning)
  if ('unsent' in account) return account
  const expiresAt = new Date(now.getTime() + deps.config.lifetimes.verifyToken * 1000)
  const { token, link } = createMailedLink(planning, { purpose: 'reset_password', account, expiresAt })
  return {
    to: { email: account.email, address: mail.address },
    accountId: account.id,
    accountLocale: account.locale,
    text: { kind: 'choose_password', matter: link },
    token,
  }
}

async function readAccountWithoutPassword({ tx, mail }: Planning): Promise<Account | UnsentMail> {
  const account = mail.accountId && (await shareAccountRow(tx, mail.accountId))
  if (!account) return { unsent: 'not_needed', reason: 'the account was erased' }
  if (account.passwordHash !== null) return { unsent: 'not_needed', reason: 'the account has a password again' }
  if (account.disabledAt) return { unsent: 'not_needed', reason: 'the account is disabled' }
  return account
}
