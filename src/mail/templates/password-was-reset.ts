import { layOut, type MailContext, type RenderedMail } from './layout.ts'

/** To the holder, after a new password was chosen with a mailed link. */
export function passwordWasReset(data: MailContext): RenderedMail {
  const letter = {
    subject: 'Your password was reset',
    heading: 'Your password was reset',
    paragraphs: [
      `A new password was chosen for your ${data.productName} account, with a link that we mailed to you.`,
      'Every device was signed out. If it was you, sign in with the new password.',
    ],
    notYou:
      'Use “Forgot your password?” on the sign-in page at once to choose another, and contact Support: somebody else ' +
      'may be reading your mail.',
  }
  return layOut(letter, data)
}
