import { replyAddress } from '../plain-address.ts'
import { borderColorOf, textColorOn } from './colors.ts'
import { escapeHtml, oneLine } from './escape.ts'
import type { Action, Letter, MailFrame } from './letter.ts'

const CARD = '#ffffff'
const DARK_CARD = '#27272a'
const FONT = "system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
const PARAGRAPH = `margin:0 0 16px;font-family:${FONT};font-size:16px;line-height:1.5`
const SMALL = `font-family:${FONT};font-size:13px;line-height:1.5;color:#52525b`

/**
 * Writes a letter as HTML that mail programs show alike: inline styles, tables for the width and for the buttons, and
 * nothing that is fetched except the operator's logo. It has dark colours if the reader's device prefers them.
 */
export function writeHtml(letter: Letter, frame: MailFrame): string {
  const { paragraphs, button, facts, wasNotYou, undo, note } = letter
  const { words } = frame.wording.texts
  const factLines = facts.map(({ label, value }) => `<strong>${safe(label)}:</strong> ${safe(value)}`)
  const blocks = [
    `<h1 style="margin:0 0 16px;font-family:${FONT};font-size:22px;line-height:1.3">${safe(letter.heading)}</h1>`,
    ...paragraphs.map((text) => paragraph(safe(text))),
    button && primaryButton(button, frame),
    button && linkAsText(button, words.linkAsText),
    paragraph(factLines.join('<br>')),
    wasNotYou && paragraph(`<strong>${safe(words.wasNotYou)}</strong> ${safe(wasNotYou)}`),
    undo && secondaryButton(undo),
    undo && linkAsText(undo, words.linkAsText),
    note && paragraph(safe(note)),
  ]
  return page(letter, frame, { head: letterhead(frame), body: blocks.filter(Boolean).join('\n'), foot: footer(frame) })
}

function paragraph(html: string): string {
  return `<p style="${PARAGRAPH}">${html}</p>`
}

/** Outlook draws neither padding nor background of a link, so the cell has both. */
function primaryButton({ label, link }: Action, { color }: MailFrame): string {
  const text = textColorOn(color)
  return `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 16px"><tr>
<td class="button" bgcolor="${color}" style="border:1px solid ${borderColorOf(color, CARD)};border-radius:6px;\
background:${color};mso-padding-alt:12px 20px"><a href="${safe(link)}" style="display:inline-block;\
padding:12px 20px;font-family:${FONT};font-size:16px;line-height:1.25;font-weight:bold;color:${text};\
text-decoration:none">${safe(label)}</a></td>
</tr></table>`
}

function secondaryButton({ label, link }: Action): string {
  return `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 16px"><tr>
<td class="outlined" style="border:1px solid #71717a;border-radius:6px;mso-padding-alt:11px 18px"><a class="outlined" \
href="${safe(link)}" style="display:inline-block;padding:11px 18px;font-family:${FONT};font-size:15px;\
line-height:1.25;color:#18181b;text-decoration:none">${safe(label)}</a></td>
</tr></table>`
}

/** For mail programs that show no buttons, and for readers who want to see where the link leads. */
function linkAsText({ link }: Action, hint: string): string {
  const shown = safe(link)
  return (
    `<p class="quiet" style="margin:0 0 16px;${SMALL}">${safe(hint)}<br><a class="quiet" href="${shown}" dir="ltr" ` +
    `style="color:#52525b;word-break:break-all">${shown}</a></p>`
  )
}

/** A logo may be drawn for a white page, so it has a white ground in the dark too. Its text is the product's name. */
function letterhead({ logoUrl, productName }: MailFrame): string {
  const name = safe(productName)
  if (logoUrl === null) {
    return `<p class="strong" style="margin:0 0 12px;font-family:${FONT};font-size:16px;font-weight:bold">${name}</p>`
  }
  return (
    `<p style="margin:0 0 12px;font-family:${FONT};font-size:16px;font-weight:bold">` +
    `<img class="logo" src="${safe(logoUrl)}" alt="${name}" height="40" ` +
    `style="display:inline-block;height:40px;max-width:100%;border:0"></p>`
  )
}

function footer({ wording, supportContact, legal }: MailFrame): string {
  const support = `${safe(wording.texts.words.support)}: ${contactAsHtml(supportContact)}`
  return [support, legal && safe(legal)]
    .filter(Boolean)
    .map((html) => `<p class="quiet" style="margin:0 0 8px;${SMALL}">${html}</p>`)
    .join('\n')
}

/** The support contact as a link, if it is an email address or a web page rather than a telephone number. */
function contactAsHtml(contact: string): string {
  const mailbox = replyAddress(contact)
  const target = mailbox ? `mailto:${mailbox}` : /^https?:\/\/\S+$/i.test(contact.trim()) ? contact.trim() : null
  if (target === null) return safe(contact)
  return `<a class="quiet" style="color:#52525b" href="${safe(target)}">${safe(contact)}</a>`
}

/** Fills the preview line, so that mail programs do not show the first words of the mail after the preheader. */
const PREVIEW_FILLER = '&#847;&zwnj;&nbsp;'.repeat(60)

/**
 * The wrapper repeats the language, because web mail shows only what is in the body. The conditional table gives the
 * card its width in Outlook, which knows no max-width.
 */
function page({ subject, preheader }: Letter, frame: MailFrame, parts: { head: string; body: string; foot: string }) {
  const { language, direction } = frame.wording
  const attributes = `lang="${safe(language)}" dir="${direction}"`
  const start = direction === 'rtl' ? 'right' : 'left'
  return `<!doctype html>
<html ${attributes}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="x-apple-disable-message-reformatting">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<title>${safe(subject)}</title>
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark }
@media (max-width: 480px) {
  .card { padding: 20px 20px 6px !important }
}
@media (prefers-color-scheme: dark) {
  .page { background: #18181b !important; color: #f4f4f5 !important }
  .card { background: ${DARK_CARD} !important; color: #f4f4f5 !important }
  .strong { color: #f4f4f5 !important }
  .quiet { color: #b4b4bb !important }
  .outlined { color: #f4f4f5 !important; border-color: #a1a1aa !important }
  .button { border-color: ${borderColorOf(frame.color, DARK_CARD)} !important }
  .logo { background: #ffffff !important; padding: 8px !important; border-radius: 6px !important }
}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f4f4f5">
<div role="article" aria-roledescription="email" aria-label="${safe(subject)}" ${attributes}>
<div class="preheader" style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;\
overflow:hidden;mso-hide:all">${safe(preheader)}${PREVIEW_FILLER}</div>
<table class="page" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#f4f4f5" \
style="width:100%;table-layout:fixed;background:#f4f4f5;color:#18181b"><tr><td align="center" style="padding:24px 12px">
<!--[if mso]><table role="presentation" width="560" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->
<div style="max-width:560px;margin:0 auto;text-align:${start};overflow-wrap:break-word">
${parts.head}
<div class="card" style="padding:28px 28px 12px;border-radius:8px;background:${CARD};color:#18181b">
${parts.body}
</div>
<div style="padding:16px 0 0">
${parts.foot}
</div>
</div>
<!--[if mso]></td></tr></table><![endif]-->
</td></tr></table>
</div>
</body>
</html>
`
}

function safe(text: string): string {
  return escapeHtml(oneLine(text))
}
