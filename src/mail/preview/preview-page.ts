import type { Mailbox } from '../outgoing-mail.ts'
import { escapeHtml } from '../templates/escape.ts'
import type { RenderedMail } from '../templates/render.ts'

/** A mail in one language, as the page shows it. */
export interface PreviewedMail extends RenderedMail {
  readonly name: string
  readonly language: string
}

const WIDTHS = [360, 800] as const
const SCHEMES = ['light', 'dark'] as const

/**
 * Writes one page with every mail: the HTML in two widths, light and dark, and the plain text. Mails that are wider than
 * their frame are marked, and `<html data-too-wide>` has their number.
 */
export function writePreviewPage(mails: readonly PreviewedMail[], from: Mailbox): string {
  const languages = [...new Set(mails.map(({ language }) => language))]
  const contents = [...new Set(mails.map(({ name }) => name))].map((name) => {
    const links = languages.map((language) => `<a href="#${name}.${language}">${language}</a>`)
    return `<li>${name}: ${links.join(' ')}</li>`
  })
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mails (${mails.length})</title>
<style>
body { margin: 24px; font: 15px/1.5 system-ui, sans-serif; color: #18181b; background: #ffffff }
nav ul { columns: 3; padding-left: 20px }
section { margin: 40px 0; border-top: 2px solid #d4d4d8 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px }
dt { color: #52525b } dd { margin: 0 }
.views { display: flex; flex-wrap: wrap; gap: 16px; align-items: flex-start }
figure { margin: 0 } figcaption { color: #52525b }
iframe { border: 1px solid #d4d4d8; height: 700px; display: block }
.too-wide iframe { outline: 4px solid #dc2626 }
pre { white-space: pre-wrap; max-width: 800px; padding: 16px; background: #f4f4f5; overflow-wrap: anywhere }
</style>
</head>
<body>
<h1>Mails</h1>
<nav><ul>
${contents.join('\n')}
</ul></nav>
${mails.map((mail) => section(mail, from)).join('\n')}
<script>
addEventListener('load', () => {
  let tooWide = 0
  for (const frame of document.querySelectorAll('iframe')) {
    const { scrollWidth, scrollHeight } = frame.contentDocument.documentElement
    frame.style.height = scrollHeight + 2 + 'px'
    if (scrollWidth <= frame.clientWidth) continue
    tooWide += 1
    frame.parentElement.classList.add('too-wide')
  }
  document.documentElement.dataset.tooWide = tooWide
})
</script>
</body>
</html>
`
}

function section({ name, language, subject, preheader, html, text }: PreviewedMail, from: Mailbox): string {
  const views = WIDTHS.flatMap((width) => SCHEMES.map((scheme) => view(html, width, scheme)))
  const headers = { From: `${from.name} <${from.address}>`, Subject: subject, Preheader: preheader }
  const rows = Object.entries(headers).map(([label, value]) => `<dt>${label}</dt><dd>${escapeHtml(value)}</dd>`)
  return `<section id="${name}.${language}">
<h2>${name} (${language})</h2>
<dl>${rows.join('')}</dl>
<div class="views">
${views.join('\n')}
</div>
<h3>Plain text</h3>
<pre dir="auto">${text.split('\n').map(escapeHtml).join('\n')}</pre>
</section>`
}

/** The reader's device decides between light and dark. Here the frame decides, so its media query is replaced. */
function view(html: string, width: number, scheme: (typeof SCHEMES)[number]): string {
  const framed = html.replace('(prefers-color-scheme: dark)', scheme === 'dark' ? 'all' : 'not all')
  return `<figure><figcaption>${width} px, ${scheme}</figcaption>
<iframe title="${scheme}" width="${width}" sandbox="allow-same-origin" srcdoc="${escapeHtml(framed)}"></iframe></figure>`
}
