import { type LinkContext, layOut, type RenderedMail } from './layout.ts'
import { lifetimeInWords } from './time-in-words.ts'

/** In place of a first link where several registrations wait for one address, each with a password of its own. */
export function choosePassword(data: LinkContext): RenderedMail {
  const letter = {
    subject: 'Choose your password',
    heading: 'Choose your password to finish',
    paragraphs: [
      `Somebody registered at ${data.productName} with this email address, more than once.`,
      'We cannot tell which of the passwords is yours. If it was you, open the link and choose one.',
      `The link works for ${lifetimeInWords(data.lifetimeSeconds)} and can be used once.`,
    ],
    button: { label: 'Choose a password', link: data.link },
    notYou: 'Ignore this mail. No account exists until a password is chosen with the link.',
  }
  return layOut(letter, data)
}
