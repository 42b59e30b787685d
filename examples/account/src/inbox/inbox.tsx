import { useState } from 'preact/hooks'
import { Brand } from '../layout/brand.tsx'
import { MailIcon } from '../layout/icons.tsx'
import { timeAgo } from '../settings/times-in-words.ts'
import { Message } from './message.tsx'
import { type ListedMail, useMails } from './use-mails.ts'

/** What the console transport of the service has captured, as a mail program would show it. */
export function Inbox() {
  const mails = useMails()
  const [openId, setOpenId] = useState<string | null>(null)
  const open = mails?.find(({ id }) => id === openId)
  return (
    <div class={`inbox ${open ? 'inbox-reading' : ''}`}>
      <header class="inbox-head">
        <Brand />
        <h1>Mail inbox</h1>
        <p>Everything that the service would have mailed. No mail leaves this computer.</p>
      </header>
      <main class="inbox-panes">
        <nav class="inbox-list" aria-label="Mails">
          <p class="visually-hidden" role="status">
            {mails && (mails.length === 1 ? '1 mail' : `${mails.length} mails`)}
          </p>
          {mails && mails.length > 0 && (
            <ul>
              {mails.map((mail) => (
                <li key={mail.id}>
                  <Entry mail={mail} isOpen={mail.id === openId} onOpen={() => setOpenId(mail.id)} />
                </li>
              ))}
            </ul>
          )}
          {mails?.length === 0 && (
            <div class="inbox-empty">
              <MailIcon />
              <p>No mail yet. Create an account, and the first mail arrives here.</p>
            </div>
          )}
        </nav>
        <section class="inbox-message" aria-label="Mail">
          {open ? (
            <Message key={open.id} mail={open} onClose={() => setOpenId(null)} />
          ) : (
            <p class="inbox-hint">{mails && mails.length > 0 && 'Choose a mail to read it.'}</p>
          )}
        </section>
      </main>
    </div>
  )
}

function Entry({ mail, isOpen, onOpen }: { mail: ListedMail; isOpen: boolean; onOpen: () => void }) {
  return (
    <button class="inbox-entry" type="button" aria-current={isOpen} onClick={onOpen}>
      <span class="inbox-entry-subject">{mail.subject}</span>
      <span class="inbox-entry-line">
        <span class="inbox-entry-to">to {mail.to}</span>
        <time dateTime={mail.at}>{timeAgo(mail.at)}</time>
      </span>
    </button>
  )
}
