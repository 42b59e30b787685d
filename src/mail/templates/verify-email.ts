import { type LinkContext, layOut, type RenderedMail } from './layout.ts'
import { lifetimeInWords } from './time-in-words.ts'

/** To the address of a registration; no account exists yet. */
export function verifyEmail(data: LinkContext): RenderedMail {
  const letter = {
    subject: 'Confirm your email address',
    heading: 'Confirm your email address',
    paragraphs: [
      `Somebody registered at ${data.productName} with this email address. If it was you, open the link to finish.`,
      `The link works for ${lifetimeInWords(data.lifetimeSeconds)} and can be used once.`,
    ],
    button: { label: 'Confirm this address', link: data.link },
    notYou: 'Ignore this mail. No account exists until the link is opened.',
  }
  return layOut(letter, data)
}
