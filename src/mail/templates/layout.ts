import { replyAddress } from '../plain-address.ts'
import { lifetimeInWords, momentInWords } from './time-in-words.ts'

/** The data that every kind of mail shows. */
export interface MailFrame {
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

export interface MailLink {
  readonly link: string
  readonly lifetimeSeconds: number
}

export interface RenderedMail {
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** The content of one mail, in plain text. Only this file turns it into HTML. */
export interface Letter {
  /** A fixed text with the product's name. Text that a person typed must not get into a header. */
  readonly subject: string
  /** Differs from the subject, because mail programs show it beside the subject as a preview. */
  readonly heading: string
  readonly paragraphs: readonly string[]
  /** What the reader is expected to do. */
  readonly button?: Button
  /** What to do if the reader did not cause this. A letter has either this or a note. */
  readonly wasNotYou?: string
  /**
   * The link for a reader who did not cause this. It is less prominent than a button, so that other readers do not open
   * it.
   */
  readonly undo?: Button
  /** A last paragraph. */
  readonly note?: string
}

interface Button {
  readonly label: string
  readonly link: string
}

/** The sentence about a link that all letters share. */
export function sentenceAboutLink({ lifetimeSeconds }: MailLink): string {
  return `The link works for ${lifetimeInWords(lifetimeSeconds)} and can be used once.`
}

/** Renders a letter as text and as HTML, with the same structure for every mail. The link occurs once in each. */
export function layOut(letter: Letter, frame: MailFrame): RenderedMail {
  assertComplete(letter, frame)
  const facts = [{ label: 'When', value: momentInWords(frame.at) }]
  if (frame.device !== null) facts.push({ label: 'Device', value: frame.device })
  return {
    subject: oneLine(letter.subject),
    text: asText(letter, facts, frame),
    html: asHtml(letter, facts, frame),
  }
}

/** A security mail with a missing part looks forged. Therefore rendering fails, and the failure is recorded. */
function assertComplete({ button, undo }: Letter, { productName, supportContact, device }: MailFrame): void {
  for (const [part, value] of Object.entries({ productName, supportContact, device })) {
    if (value !== null && !value?.trim()) throw new Error(`a mail needs its ${part}`)
  }
  for (const action of [button, undo]) if (action && !action.link?.trim()) throw new Error('a mail needs its link')
}

interface Fact {
  readonly label: string
  readonly value: string
}

const WAS_NOT_YOU = "Wasn't you?"

function asText({ heading, paragraphs, button, wasNotYou, undo, note }: Letter, facts: Fact[], frame: MailFrame) {
  const blocks = [
    oneLine(heading),
    ...paragraphs.map(oneLine),
    button && linkAsText(button),
    facts.map(({ label, value }) => `${label}: ${oneLine(value)}`).join('\n'),
    wasNotYou && `${WAS_NOT_YOU} ${oneLine(wasNotYou)}`,
    undo && linkAsText(undo),
    note && oneLine(note),
    `${oneLine(frame.productName)}\nSupport: ${oneLine(frame.supportContact)}`,
  ]
  return `${blocks.filter(Boolean).join('\n\n')}\n`
}

/** The link has its own line, because a mail program could treat text after it as a part of it. */
function linkAsText({ label, link }: Button): string {
  return `${label}:\n${oneLine(link)}`
}

function asHtml({ subject, heading, paragraphs, ...letter }: Letter, facts: Fact[], frame: MailFrame): string {
  const { button, wasNotYou, undo, note } = letter
  const factRows = facts.map(({ label, value }) => `<strong>${escapeHtml(label)}:</strong> ${escapeHtml(value)}`)
  const blocks = [
    `<h1 style="margin:0 0 16px;font-size:22px;line-height:1.3">${escapeHtml(heading)}</h1>`,
    ...paragraphs.map((text) => paragraph(escapeHtml(text))),
    button && primaryButton(button),
    paragraph(factRows.join('<br>')),
    wasNotYou && paragraph(`<strong>${escapeHtml(WAS_NOT_YOU)}</strong> ${escapeHtml(wasNotYou)}`),
    undo && secondaryButton(undo),
    note && paragraph(escapeHtml(note)),
    `<p class="quiet" style="margin:24px 0 0;font-size:14px;line-height:1.5;color:#52525b">` +
      `${escapeHtml(frame.productName)}<br>Support: ${contactAsHtml(frame.supportContact)}</p>`,
  ]
  return page(subject, blocks.filter(Boolean).join('\n'))
}

const PARAGRAPH = 'margin:0 0 16px;font-size:16px;line-height:1.5'

function paragraph(html: string): string {
  return `<p style="${PARAGRAPH}">${html}</p>`
}

/** The colour is set on the cell as well: Outlook draws no padding round an inline link. */
function primaryButton({ label, link }: Button): string {
  return `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 20px"><tr>
<td bgcolor="#1d4ed8" style="border-radius:6px;background:#1d4ed8"><a href="${escapeHtml(link)}" \
style="display:inline-block;padding:12px 20px;font-size:16px;font-weight:bold;color:#ffffff;text-decoration:none">\
${escapeHtml(label)}</a></td>
</tr></table>`
}

function secondaryButton({ label, link }: Button): string {
  return `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 20px"><tr>
<td class="outlined" style="border:1px solid #71717a;border-radius:6px"><a class="outlined" href="${escapeHtml(link)}" \
style="display:inline-block;padding:10px 18px;font-size:15px;color:#18181b;text-decoration:none">\
${escapeHtml(label)}</a></td>
</tr></table>`
}

/** The support contact as a link, if it is an email address or a web page rather than a telephone number. */
function contactAsHtml(contact: string): string {
  const mailbox = replyAddress(contact)
  const target = mailbox ? `mailto:${mailbox}` : /^https?:\/\/\S+$/i.test(contact.trim()) ? contact.trim() : null
  if (target === null) return escapeHtml(contact)
  return `<a class="quiet" style="color:#52525b" href="${escapeHtml(target)}">${escapeHtml(contact)}</a>`
}

/** The page loads no picture, script, font or style. It has dark colours if the reader's device prefers them. */
function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<title>${escapeHtml(title)}</title>
<style>
:root { color-scheme: light dark }
@media (prefers-color-scheme: dark) {
  .page { background: #18181b !important }
  .card { background: #27272a !important; color: #f4f4f5 !important }
  .quiet { color: #a1a1aa !important }
  .outlined { color: #f4f4f5 !important; border-color: #a1a1aa !important }
}
</style>
</head>
<body class="page" style="margin:0;padding:24px 12px;background:#f4f4f5">
<div class="card" style="max-width:520px;margin:0 auto;padding:28px;border-radius:8px;background:#ffffff;\
color:#18181b;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;\
overflow-wrap:break-word">
${body}
</div>
</body>
</html>
`
}

function escapeHtml(text: string): string {
  return oneLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

/** Without this, a line break or control character in a value could fake another line of the mail. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
}
