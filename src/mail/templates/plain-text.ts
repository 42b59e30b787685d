import { oneLine } from './escape.ts'
import type { Action, Letter, MailFrame } from './letter.ts'

/** Writes a letter as plain text, with the same words in the same order as the HTML. */
export function writePlainText(letter: Letter, { wording, productName, supportContact, legal }: MailFrame): string {
  const { heading, paragraphs, button, facts, wasNotYou, undo, note } = letter
  const { words } = wording.texts
  const blocks = [
    oneLine(productName),
    oneLine(heading),
    ...paragraphs.map(oneLine),
    button && linkWithLabel(button),
    facts.map(({ label, value }) => oneLine(`${label}: ${value}`)).join('\n'),
    wasNotYou && oneLine(`${words.wasNotYou} ${wasNotYou}`),
    undo && linkWithLabel(undo),
    note && oneLine(note),
    oneLine(`${words.support}: ${supportContact}`),
    legal && oneLine(legal),
  ]
  return `${blocks.filter(Boolean).join('\n\n')}\n`
}

/** The link has its own line, because a mail program could treat text after it as a part of it. */
function linkWithLabel({ label, link }: Action): string {
  return `${oneLine(label)}:\n${oneLine(link)}`
}
