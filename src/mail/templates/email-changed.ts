import { type LinkContext, layOut, type RenderedMail } from './layout.ts'
import { lifetimeInWords } from './time-in-words.ts'

/** To the former address: the last mail that reaches the owner, if it was a thief who changed it. */
export function emailChanged(data: LinkContext & { newEmailHint: string }): RenderedMail {
  const letter = {
    subject: 'Your email address was changed',
    heading: 'Your email address was changed',
    paragraphs: [
      `The email address of your ${data.productName} account is now ${data.newEmailHint}.`,
      'This address no longer signs you in. If it was you, you do not need to do anything.',
      'If it was not you, open the link. It puts this address back and signs everybody out. ' +
        'We then mail you a link to choose a new password.',
      `The link works for ${lifetimeInWords(data.lifetimeSeconds)} and can be used once.`,
    ],
    button: { label: 'Put this address back', link: data.link },
    notYou: 'Open the link now. If it no longer works, contact Support.',
  }
  return layOut(letter, data)
}
