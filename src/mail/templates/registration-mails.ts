import { type Letter, type MailFrame, type MailLink, sentenceAboutLink } from './layout.ts'

/** The link that proves the address of a registration, or of an account that Support created. */
export function verifyEmail(link: MailLink, { productName }: MailFrame): Letter {
  return {
    subject: `Confirm your email address for ${productName}`,
    heading: `Thanks for signing up for ${productName}`,
    paragraphs: ['Confirm your email address to finish.', sentenceAboutLink(link)],
    button: { label: 'Confirm my email address', link: link.link },
    note: "If you didn't sign up, ignore this mail. No account is created until the link is opened.",
  }
}

/** To an address that was registered more than once: of several passwords, none is known to be the reader's. */
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

/** To the holder of an account whose address was registered again, or asked to be verified again. */
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

/** To an address that another account used before. */
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
