import { layOut, type MailContext, type RenderedMail } from './layout.ts'

/** To an address that somebody tried to register, and that an account has used before. */
export function addressLocked(data: MailContext): RenderedMail {
  const letter = {
    subject: 'This address cannot be used for a new account',
    heading: 'This address cannot be used for a new account',
    paragraphs: [
      `Somebody tried to register at ${data.productName} with this email address. No account was made.`,
      'The address belonged to an account before, so it is locked. Only Support can unlock it.',
      'If it was you, contact Support, or register with another address.',
    ],
    notYou: 'You do not need to do anything.',
  }
  return layOut(letter, data)
}
