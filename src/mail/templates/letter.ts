import type { Wording } from '../texts/wording.ts'

/** The data that every kind of mail shows. */
export interface MailFrame extends MailDesign {
  readonly wording: Wording
  readonly productName: string
  readonly supportContact: string
  /** The time of the event that the mail is about. */
  readonly at: Date
  /**
   * The device that caused the event, as `describeDevice` describes it; null if it is unknown or must not be shown to
   * the reader.
   */
  readonly device: string | null
}

/** What an operator can add to every mail. */
export interface MailDesign {
  /** An https URL. Mail programs fetch the picture when the mail is opened. */
  readonly logoUrl: string | null
  /** The colour of the button, as `#rrggbb`. */
  readonly color: string
  /** A last line, such as the company's name and address. */
  readonly legal: string | null
}

/** The content of one mail, in plain text. Only html.ts turns it into HTML. */
export interface Letter {
  /** A fixed text with the product's name. Text that a person typed must not get into a header. */
  readonly subject: string
  readonly preheader: string
  readonly heading: string
  readonly paragraphs: readonly string[]
  /** What the reader is expected to do. */
  readonly button: Action | null
  readonly facts: readonly Fact[]
  /** What to do if the reader did not cause this. */
  readonly wasNotYou: string | null
  /** The link for a reader who did not cause this. It is less prominent, so that other readers do not open it. */
  readonly undo: Action | null
  readonly note: string | null
}

export interface Action {
  readonly label: string
  readonly link: string
}

/** A detail of the event, such as its time. */
export interface Fact {
  readonly label: string
  readonly value: string
}
