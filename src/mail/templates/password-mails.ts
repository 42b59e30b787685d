import { type Letter, type MailFrame, type MailLink, sentenceAboutLink } from './layout.ts'

/** Who requested the reset instructions. */
export interface ResetMatter extends MailLink {
  readonly requestedBy: 'person' | 'support'
}

/** The instructions that a person requested with “Forgot your password?”, or that Support sent. */
export function resetPassword(matter: ResetMatter, { productName }: MailFrame): Letter {
  const isFromSupport = matter.requestedBy === 'support'
  return {
    subject: `Reset your ${productName} password`,
    heading: 'Choose a new password',
    paragraphs: [
      isFromSupport
        ? `${productName} Support sent you this link, so that you can choose a new password for your account.`
        : `We received a request to reset the password of your ${productName} account.`,
      sentenceAboutLink(matter),
    ],
    button: { label: 'Choose a new password', link: matter.link },
    note: isFromSupport
      ? "If you haven't been in touch with Support, tell them about this mail. Your password hasn't changed."
      : "If you didn't ask for this, ignore this mail. Your password hasn't changed. If such mails keep coming, contact Support.",
  }
}

/** After a revert: no password works until the reader has chosen a new one. */
export function resetAfterRevert(matter: MailLink & { readonly email: string }, { productName }: MailFrame): Letter {
  return {
    subject: `Your ${productName} email address has been restored`,
    heading: 'Choose a new password',
    paragraphs: [
      `The email address of your ${productName} account is ${matter.email} again.`,
      'We signed out all devices, and your old password no longer works. Choose a new one to sign in.',
      sentenceAboutLink(matter),
    ],
    button: { label: 'Choose a new password', link: matter.link },
    wasNotYou: 'Choose a new password anyway, and contact Support: someone else may be reading your mail.',
  }
}

export function passwordChanged(_matter: object, { productName }: MailFrame): Letter {
  return {
    subject: `Your ${productName} password was changed`,
    heading: 'Your other devices were signed out',
    paragraphs: [
      `The password of your ${productName} account was changed. If you changed it, you don't need to do anything.`,
    ],
    wasNotYou: 'Go to the sign-in page now and choose “Forgot your password?”. Then contact Support.',
  }
}

export function passwordWasReset(_matter: object, { productName }: MailFrame): Letter {
  return {
    subject: `Your ${productName} password was reset`,
    heading: 'All your devices were signed out',
    paragraphs: [
      `A new password was chosen for your ${productName} account, with a link that we mailed to you. If you chose it, ` +
        'sign in with it.',
    ],
    wasNotYou:
      'Go to the sign-in page now and choose “Forgot your password?”. Then contact Support: someone else may be ' +
      'reading your mail.',
  }
}
