import { layOut, type MailContext, type RenderedMail } from './layout.ts'

/** To the holder, after a change that was made signed in and with the old password. */
export function passwordChanged(data: MailContext): RenderedMail {
  const letter = {
    subject: 'Your password was changed',
    heading: 'Your password was changed',
    paragraphs: [
      `The password of your ${data.productName} account was changed. Every other device was signed out.`,
      'If it was you, you do not need to do anything.',
    ],
    notYou: 'Use “Forgot your password?” on the sign-in page at once to choose a new one, and contact Support.',
  }
  return layOut(letter, data)
}
