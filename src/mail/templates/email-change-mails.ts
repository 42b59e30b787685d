import { type Letter, type MailFrame, type MailLink, sentenceAboutLink } from './layout.ts'

/** A revert link, and the new address of the account. */
export interface EmailChangeMatter extends MailLink {
  /** The new address, masked: `n•••@example.net`. */
  readonly newEmailHint: string
}

/** Sent to the new address. Its holder may not be the account's owner, so the mail says nothing about the account. */
export function confirmEmail(link: MailLink, { productName }: MailFrame): Letter {
  return {
    subject: `Confirm your new email address for ${productName}`,
    heading: 'One more step to change your email address',
    paragraphs: [
      `Someone asked to use this email address for their ${productName} account. If it was you, confirm it. Nothing ` +
        'changes until you do.',
      sentenceAboutLink(link),
    ],
    button: { label: 'Use this email address', link: link.link },
    note: "If it wasn't you, ignore this mail, and this address will not be used.",
  }
}

/** Sent to the current address when a change is requested that is not confirmed yet. */
export function emailChangeRequested(matter: EmailChangeMatter, { productName }: MailFrame): Letter {
  return {
    subject: `Your ${productName} email address is about to change`,
    heading: 'A new email address was requested',
    paragraphs: [
      `The email address of your ${productName} account changes to ${matter.newEmailHint} once the new address is ` +
        "confirmed. If you asked for this, you don't need to do anything.",
    ],
    wasNotYou:
      'Open the link. It cancels the change, or restores this address if it has already changed. Then change your ' +
      `password: someone else knows it. ${sentenceAboutLink(matter)}`,
    undo: { label: "This wasn't me: keep my address", link: matter.link },
  }
}

/** Sent to the former address. If a thief changed the address, this is the last mail that reaches the owner. */
export function emailChanged(matter: EmailChangeMatter, { productName }: MailFrame): Letter {
  return {
    subject: `Your ${productName} email address was changed`,
    heading: 'This address no longer signs you in',
    paragraphs: [
      `The email address of your ${productName} account is now ${matter.newEmailHint}. If you changed it, you don't ` +
        'need to do anything.',
    ],
    wasNotYou:
      'Open the link. It restores this address and signs out all devices, and we mail you a link to choose a new ' +
      `password. ${sentenceAboutLink(matter)} If it no longer works, contact Support.`,
    undo: { label: "This wasn't me: restore my address", link: matter.link },
  }
}

/** Sent to the address that a revert removes from the account. Its holder may be the thief. */
export function emailChangeReverted(_matter: object, { productName }: MailFrame): Letter {
  return {
    subject: `This address was removed from an account at ${productName}`,
    heading: 'You can no longer sign in with this address',
    paragraphs: [
      `This email address is no longer linked to an account at ${productName}. The account's previous address was ` +
        'restored, and all devices were signed out.',
    ],
    note: "If the account is yours and you didn't want this, contact Support.",
  }
}
