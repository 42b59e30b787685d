import { type Letter, type MailFrame, type MailLink, sentenceAboutLink } from './layout.ts'

/** Contains the link that verifies the address of a registration, or of an account that Support created. */
export function verifyEmail(link: MailLink, { productName }: MailFrame): Letter {
  return {
    subject: `Confirm your email address for ${productName}`,
    heading: `Thanks for signing up for ${productName}`,
    paragraphs: ['Confirm your email address to finish.', sentenceAboutLink(link)],
    button: { label: 'Confirm my email address', link: link.link },
    note: "If you didn't sign up, ignore this mail. Nobody can sign in with this address until it is confirmed.",
  }
}

/**
 * Sent to an address that was registered more than once. The service cannot know which of the passwords is the
 * reader's.
 */
export function choosePassword(link: MailLink, { productName }: MailFrame): Letter {
  return {
    subject: `Choose a password for ${productName}`,
    heading: `One more step to your ${productName} account`,
    paragraphs: [
      `Someone signed up for ${productName} with this email address more than once, so we can't tell which password ` +
        'is yours. Choose a password for your account.',
      sentenceAboutLink(link),
    ],
    button: { label: 'Choose a password', link: link.link },
    note: "If you didn't sign up, ignore this mail. Nobody can sign in until a password is chosen.",
  }
}

/**
 * Sent to the holder of an account if their address is registered again, or if another verification mail is requested
 * for it.
 */
export function alreadyRegistered(_matter: object, { productName }: MailFrame): Letter {
  return {
    subject: `You already have an account at ${productName}`,
    heading: 'Sign in instead',
    paragraphs: [
      `Someone tried to sign up for ${productName} with this email address, or asked for another mail to confirm it. ` +
        'The address already has an account.',
      'If it was you, sign in. If you have forgotten your password, choose “Forgot your password?” on the sign-in page.',
    ],
    note: "If it wasn't you, ignore this mail. Nothing about your account has changed.",
  }
}

/** Sent to an address that another account used before. */
export function addressLocked(_matter: object, { productName }: MailFrame): Letter {
  return {
    subject: `This email address can't be used for ${productName}`,
    heading: 'No account was created',
    paragraphs: [
      `Someone tried to sign up for ${productName} with this email address. It belonged to another account before, so ` +
        'it is locked, and only Support can unlock it.',
      'If it was you, contact Support or sign up with another address.',
    ],
    note: "If it wasn't you, ignore this mail.",
  }
}
