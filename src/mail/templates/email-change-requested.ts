import { type LinkContext, layOut, type RenderedMail } from './layout.ts'
import { lifetimeInWords } from './time-in-words.ts'

/** To the address in force, while its change waits to be confirmed. */
export function emailChangeRequested(data: LinkContext & { newEmailHint: string }): RenderedMail {
  const letter = {
    subject: 'Your email address is about to change',
    heading: 'Your email address is about to change',
    paragraphs: [
      `Somebody signed in to your ${data.productName} account and asked to change its address to ${data.newEmailHint}.`,
      'If it was you, you do not need to do anything. The address changes when the new one is confirmed.',
      'If it was not you, open the link. It cancels the change, or puts this address back if it has changed already.',
      `The link works for ${lifetimeInWords(data.lifetimeSeconds)} and can be used once.`,
    ],
    button: { label: 'Stop this change', link: data.link },
    notYou: 'Stop the change with the link, then change your password: somebody else knows it. Support can help you.',
  }
  return layOut(letter, data)
}
