import { useEffect, useRef, useState } from 'preact/hooks'
import { BackIcon } from '../layout/icons.tsx'
import { timeInWords } from '../settings/times-in-words.ts'
import type { ListedMail } from './use-mails.ts'

type View = 'html' | 'text'

/** One mail, as HTML in a sandbox or as plain text. Its links open in a new tab, as in a mail program. */
export function Message({ mail, onClose }: { mail: ListedMail; onClose: () => void }) {
  const [view, setView] = useState<View>('html')
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <article class="message">
      <button class="button button-quiet message-back" type="button" onClick={onClose}>
        <BackIcon /> All mails
      </button>
      <h2 tabIndex={-1} ref={heading}>
        {mail.subject}
      </h2>
      <dl class="message-facts">
        <dt>From</dt>
        <dd>
          {mail.from.name} &lt;{mail.from.address}&gt;
        </dd>
        <dt>To</dt>
        <dd>{mail.to}</dd>
        <dt>Sent</dt>
        <dd>{timeInWords(mail.at)}</dd>
        <dt>Kind</dt>
        <dd>
          <code>{mail.kind}</code>
        </dd>
      </dl>
      <fieldset class="message-view">
        <legend class="visually-hidden">Show as</legend>
        <ViewButton label="HTML" view="html" current={view} choose={setView} />
        <ViewButton label="Plain text" view="text" current={view} choose={setView} />
      </fieldset>
      {view === 'html' ? (
        <iframe
          class="message-html"
          title={`HTML of the mail "${mail.subject}"`}
          src={`/mail/messages/${mail.id}.html`}
          sandbox="allow-popups allow-popups-to-escape-sandbox"
        />
      ) : (
        <PlainText text={mail.text} />
      )}
    </article>
  )
}

interface ViewButtonProps {
  readonly label: string
  readonly view: View
  readonly current: View
  readonly choose: (view: View) => void
}

function ViewButton({ label, view, current, choose }: ViewButtonProps) {
  return (
    <button type="button" aria-pressed={view === current} onClick={() => choose(view)}>
      {label}
    </button>
  )
}

function PlainText({ text }: { text: string }) {
  const parts = text.split(/(https?:\/\/\S+)/)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard
    <pre class="message-text" tabIndex={0}>
      {parts.map((part) =>
        part.startsWith('http') ? (
          <a key={part} href={part} target="_blank" rel="noopener">
            {part}
          </a>
        ) : (
          part
        ),
      )}
    </pre>
  )
}
