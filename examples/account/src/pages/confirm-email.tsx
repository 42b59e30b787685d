import { useState } from 'preact/hooks'
import { Form } from '../forms/form.tsx'
import { latchkey } from '../latchkey.ts'
import { Heading } from '../layout/heading.tsx'
import type { Place } from '../navigation.ts'
import { GoOn, LinkDone } from './link-done.tsx'
import { MailedLink } from './mailed-link.tsx'
import { OtherSessionNote } from './other-session-note.tsx'

const title = 'Confirm your new email address'

export function ConfirmEmailPage({ place }: { place: Place }) {
  const [confirmed, setConfirmed] = useState<string | null>(null)
  return (
    <MailedLink
      place={place}
      title={title}
      check={(token) => latchkey.api.POST('/v1/email/change/confirm/check', { body: { token } })}
      afterDeadLink={() => (
        <a class="button button-primary" href="/settings/account">
          Go to your account
        </a>
      )}
    >
      {({ token, checked, refuse }) => {
        if (confirmed !== null) {
          return (
            <LinkDone title="Your email address is changed">
              <p class="lead">
                From now on, sign in with <strong class="address">{confirmed}</strong>. Devices other than the one on
                which you asked for this have been signed out.
              </p>
              <GoOn />
            </LinkDone>
          )
        }
        const confirm = async () => {
          const { data, problem } = await latchkey.api.POST('/v1/email/change/confirm', { body: { token } })
          if (!data) return refuse(problem)
          await latchkey.checkSession() // it goes on only if the change was requested in it
          setConfirmed(data.email)
          return undefined
        }
        return (
          <>
            <Heading title={title} />
            <p class="lead">
              <strong class="address">{checked.emailHint}</strong> becomes the address with which you sign in. It
              replaces your earlier address.
            </p>
            <OtherSessionNote emailHint={checked.emailHint} />
            <Form submitLabel="Use this address" busyLabel="Confirming…" onSubmit={confirm} />
          </>
        )
      }}
    </MailedLink>
  )
}
