/**
 * What a link that no longer works says to the person who opened it: what happened, and the step that works from there.
 * The text replaces the `detail` of the problem; its `code` stays. `contactsSupport`: the answer has `support`.
 */
export const deadLinks = {
  verify_used: {
    code: 'link_used',
    detail: 'This link has already been used, and your email address is verified. Sign in.',
  },
  verify_no_longer_needed: {
    code: 'link_expired',
    detail: 'This email address has already been verified. Sign in, or reset your password if you do not know it.',
  },
  verify_expired: {
    code: 'link_expired',
    detail: 'This link has expired. Request a new verification mail, or sign up again.',
  },
  reset_used: {
    code: 'link_used',
    detail: 'This link has already been used to set a password. Sign in with that password, or request a new link.',
  },
  reset_expired: {
    code: 'link_expired',
    detail: 'This link has expired. Request a new one.',
  },
  confirm_used: {
    code: 'link_used',
    detail: 'This link has already been used, and your new email address is confirmed. Sign in with it.',
  },
  confirm_expired: {
    code: 'link_expired',
    detail: 'This link has expired. Your email address has not changed. Sign in and request the change again.',
  },
  change_ended: {
    code: 'link_expired',
    detail:
      'This email change was cancelled or replaced, or the account has changed since. Sign in and request the change again if you still want it.',
  },
  revert_used: {
    code: 'link_used',
    detail:
      'This email change has already been cancelled or undone. If you cannot sign in, reset your password with your earlier email address.',
  },
  revert_over: {
    code: 'link_expired',
    detail: 'This link no longer works, and a new one cannot be requested. Contact support if you need help.',
    contactsSupport: true,
  },
  replaced: {
    code: 'link_expired',
    detail: 'A newer mail has replaced this link. Open the link in the newest mail, or request a new one.',
  },
  credentials_changed: {
    code: 'link_expired',
    detail: 'Your password or your email address has changed since this link was mailed. Request a new one.',
  },
  account_disabled: {
    code: 'link_expired',
    detail: 'This account has been disabled. Contact support.',
    contactsSupport: true,
  },
} as const satisfies Record<string, { code: 'link_expired' | 'link_used'; detail: string; contactsSupport?: true }>

export type DeadLink = keyof typeof deadLinks
