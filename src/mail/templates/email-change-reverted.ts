import { layOut, type MailContext, type RenderedMail } from './layout.ts'

/** To the address that was displaced: a thief's, or the owner's own if they changed their mind. */
export function emailChangeReverted(data: MailContext): RenderedMail {
  const letter = {
    subject: 'This address was removed from an account',
    heading: 'This address was removed from an account',
    paragraphs: [
      `This email address was removed from an account at ${data.productName}, and signs nobody in any more.`,
      'The account has its earlier address back, and everybody was signed out of it.',
    ],
    notYou: 'If the account is yours and you did not want this, contact Support.',
  }
  return layOut(letter, data)
}
