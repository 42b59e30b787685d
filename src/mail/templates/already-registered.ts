import { layOut, type MailContext, type RenderedMail } from './layout.ts'

/** To the holder of an account whose address somebody tried to register again. */
export function alreadyRegistered(data: MailContext): RenderedMail {
  const letter = {
    subject: 'You already have an account',
    heading: 'You already have an account',
    paragraphs: [
      `Somebody tried to register at ${data.productName} with this email address. You have an account with it already.`,
      'If it was you, sign in. If you have forgotten your password, use “Forgot your password?” on the sign-in page.',
    ],
    notYou: 'You do not need to do anything. Your account and your password are as they were.',
  }
  return layOut(letter, data)
}
