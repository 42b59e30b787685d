import de from './de.json' with { type: 'json' }
import en from './en.json' with { type: 'json' }

/** The name of the text of one mail. The kind of a mail is its text's name, except where Support sent it. */
export type TextName = Exclude<keyof typeof en, 'words'>

/** Words that every mail shares. */
export type Words = Readonly<Record<keyof typeof en.words, string>>

/** The text of one mail, with placeholders such as `{product}`. */
export type LetterText = {
  readonly subject: string
  /** What mail programs show beside the subject. It is not part of the visible mail. */
  readonly preheader: string
  readonly heading: string
  readonly body: readonly string[]
  /** The label of the link, where the reader is expected to open it. */
  readonly button?: string
  /** What to do if the reader did not cause this. A mail has either this or a note. */
  readonly wasNotYou?: string
  /** The label of the link, where it is for a reader who did not cause this. */
  readonly undo?: string
  readonly note?: string
}

/** The texts of all mails in one language. */
export type Catalogue = { readonly words: Words } & { readonly [Name in TextName]: LetterText }

/** The texts that are part of Latchkey. English has every key, and decides which placeholders a text has. */
export const builtInTexts: { readonly en: Catalogue; readonly de: Catalogue } = { en, de }

const PLACEHOLDER = /\{([^{}]*)\}/g

/** The names of the placeholders in a text. */
export function placeholdersIn(text: string): Set<string> {
  return new Set([...text.matchAll(PLACEHOLDER)].map(([, name = '']) => name))
}

/**
 * Puts values into a text. A value is never searched for placeholders.
 *
 * @throws {Error} if a value is missing or empty: a security mail with a gap looks forged.
 */
export function fill(text: string, values: Readonly<Record<string, string | undefined>>): string {
  return text.replaceAll(PLACEHOLDER, (_placeholder, name: string) => {
    const value = values[name]
    if (!value?.trim()) throw new Error(`a mail needs its ${name}`)
    return value
  })
}
