import { type LinkContext, layOut, type RenderedMail } from './layout.ts'
import { lifetimeInWords } from './time-in-words.ts'

/** The instructions that a person asked for with “Forgot your password?”, or Support for them. */
export function resetPassword(data: LinkContext): RenderedMail {
  const letter = {
    subject: 'Reset your password',
    heading: 'Choose a new password',
    paragraphs: [
      `Somebody asked to reset the password of your ${data.productName} account.`,
      'If it was you, open the link and choose a new one.',
      `The link works for ${lifetimeInWords(data.lifetimeSeconds)} and can be used once.`,
    ],
    button: { label: 'Choose a new password', link: data.link },
    notYou: 'Ignore this mail. Your password stays as it is. If such mails keep coming, contact Support.',
  }
  return layOut(letter, data)
}
