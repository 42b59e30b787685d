import { type LinkContext, layOut, type RenderedMail } from './layout.ts'
import { lifetimeInWords } from './time-in-words.ts'

/** To an address that its owner has just put back, where the password is no longer theirs alone. */
export function resetAfterRevert(data: LinkContext & { email: string }): RenderedMail {
  const letter = {
    subject: 'Your email address is back: choose a new password',
    heading: 'Your email address is back',
    paragraphs: [
      `The email address of your ${data.productName} account is ${data.email} again.`,
      'Everybody was signed out, and the old password no longer works. Open the link to choose a new one.',
      `The link works for ${lifetimeInWords(data.lifetimeSeconds)} and can be used once.`,
    ],
    button: { label: 'Choose a new password', link: data.link },
    notYou: 'Choose a new password all the same, and contact Support: somebody else may be reading your mail.',
  }
  return layOut(letter, data)
}
