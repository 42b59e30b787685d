import { type LinkContext, layOut, type RenderedMail } from './layout.ts'
import { lifetimeInWords } from './time-in-words.ts'

/** To the new address. It may be a stranger's, so the account's own address is no more than hinted at. */
export function confirmEmail(data: LinkContext & { currentEmailHint?: string | undefined }): RenderedMail {
  const account = data.currentEmailHint === undefined ? 'their account' : `the account of ${data.currentEmailHint}`
  const letter = {
    subject: 'Confirm your new email address',
    heading: 'Confirm your new email address',
    paragraphs: [
      `Somebody asked to use this email address for ${account} at ${data.productName}.`,
      'If it was you, open the link. Nothing changes until you do.',
      `The link works for ${lifetimeInWords(data.lifetimeSeconds)} and can be used once.`,
    ],
    button: { label: 'Use this address', link: data.link },
    notYou: 'Ignore this mail, and this address will not be used.',
  }
  return layOut(letter, data)
}
