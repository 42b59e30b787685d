import { momentInWords } from './time-in-words.ts'

/** What every mail says besides its own matter. */
export interface MailContext {
  productName: string
  supportContact: string
  /** When it happened. */
  at: Date
  /** From which device, as describeDevice() says it. */
  device: string
}

export interface LinkContext extends MailContext {
  link: string
  lifetimeSeconds: number
}

export interface RenderedMail {
  subject: string
  text: string
  html: string
}

/** The matter of one mail, in plain text: nobody but this file turns it into HTML. */
export interface Letter {
  /** Fixed words only. Nothing that a person typed may reach a header. */
  subject: string
  heading: string
  paragraphs: string[]
  button?: { label: string; link: string }
  /** What to do if it was somebody else. */
  notYou: string
}

/** The one structure that all mails share, as text and as HTML; the link stands once in each. */
export function layOut(letter: Letter, context: MailContext): RenderedMail {
  assertComplete(letter, context)
  const facts = [
    { label: 'When', value: momentInWords(context.at) },
    { label: 'Device', value: context.device },
  ]
  return {
    subject: letter.subject,
    text: asText(letter, facts, context),
    html: asHtml(letter, facts, context),
  }
}

/** A half-filled security mail looks like a forged one, so it fails here, and the failure is recorded. */
function assertComplete(letter: Letter, context: MailContext): void {
  for (const part of ['productName', 'supportContact', 'device'] as const) {
    if (!context[part]?.trim()) throw new Error(`a mail needs its ${part}`)
  }
  if (letter.button && !letter.button.link?.trim()) throw new Error('a mail needs its link')
}

type Fact = { label: string; value: string }

function asText(letter: Letter, facts: Fact[], context: MailContext): string {
  const { button, paragraphs } = letter
  const blocks = [
    letter.heading,
    ...paragraphs.map(oneLine),
    // A link has its own line: whatever followed it directly would be read as a part of it.
    ...(button ? [`${button.label}:\n${oneLine(button.link)}`] : []),
    facts.map(({ label, value }) => `${label}: ${oneLine(value)}`).join('\n'),
    `Was this not you? ${oneLine(letter.notYou)}`,
    `${oneLine(context.productName)}\nSupport: ${oneLine(context.supportContact)}`,
  ]
  return `${blocks.join('\n\n')}\n`
}

function asHtml(letter: Letter, facts: Fact[], context: MailContext): string {
  const factRows = facts.map(({ label, value }) => `<strong>${escapeHtml(label)}:</strong> ${escapeHtml(value)}`)
  const body = [
    `<h1 style="margin:0 0 16px;font-size:22px;line-height:1.3">${escapeHtml(letter.heading)}</h1>`,
    ...letter.paragraphs.map(paragraph),
    ...(letter.button ? [button(letter.button)] : []),
    `<p style="${PARAGRAPH}">${factRows.join('<br>')}</p>`,
    `<p style="${PARAGRAPH}"><strong>Was this not you?</strong> ${escapeHtml(letter.notYou)}</p>`,
    `<p class="quiet" style="margin:24px 0 0;font-size:14px;line-height:1.5;color:#52525b">` +
      `${escapeHtml(context.productName)}<br>Support: ${escapeHtml(context.supportContact)}</p>`,
  ]
  return page(letter.subject, body.join('\n'))
}

const PARAGRAPH = 'margin:0 0 16px;font-size:16px;line-height:1.5'

function paragraph(text: string): string {
  return `<p style="${PARAGRAPH}">${escapeHtml(text)}</p>`
}

/** The colour sits on a cell as well: Outlook draws no padding round an inline link. */
function button({ label, link }: { label: string; link: string }): string {
  return `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 20px"><tr>
<td bgcolor="#1d4ed8" style="border-radius:6px;background:#1d4ed8"><a href="${escapeHtml(link)}" \
style="display:inline-block;padding:12px 20px;font-size:16px;font-weight:bold;color:#ffffff;text-decoration:none">\
${escapeHtml(label)}</a></td>
</tr></table>`
}

/** No picture, script, font or style from elsewhere; dark where the reader's device is dark. */
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

/** Line breaks and control characters in a value could fake a further line of the mail. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
}
