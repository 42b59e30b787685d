import { useState } from 'preact/hooks'
import { Form } from '../forms/form.tsx'
import { NewPasswordField } from '../forms/new-password-field.tsx'
import { latchkey } from '../latchkey.ts'
import { Heading } from '../layout/heading.tsx'
import type { Place } from '../navigation.ts'
import { GoOn, LinkDone } from './link-done.tsx'
import { MailedLink } from './mailed-link.tsx'
import { OtherSessionNote } from './other-session-note.tsx'

const title = 'Choose a new password'

export function ResetPasswordPage({ place }: { place: Place }) {
  const [isDone, setDone] = useState(false)
  return (
    <MailedLink
      place={place}
      title={title}
      check={(token) => latchkey.api.POST('/v1/password/reset/check', { body: { token } })}
      afterDeadLink={() => (
        <div class="form-actions">
          <a class="button button-primary" href="/forgot-password">
            Request a new link
          </a>
          <a class="button button-quiet" href="/sign-in">
            Sign in
          </a>
        </div>
      )}
    >
      {({ token, checked, refuse }) => {
        if (isDone) {
          return (
            <LinkDone title="Your password is changed">
              <p class="lead">
                The account of <strong class="address">{checked.emailHint}</strong> has been signed out on all devices.
                Sign in with the new password.
              </p>
              <GoOn />
            </LinkDone>
          )
        }
        const reset = async ({ newPassword = '' }) => {
          const { problem } = await latchkey.api.POST('/v1/password/reset', { body: { token, newPassword } })
          if (problem) return refuse(problem)
          await latchkey.checkSession() // it has ended if the link was for the person who is signed in here
          setDone(true)
          return undefined
        }
        return (
          <>
            <Heading title={title} />
            <p class="lead">
              For the account of <strong class="address">{checked.emailHint}</strong>. All its devices are signed out
              when you save.
            </p>
            <OtherSessionNote emailHint={checked.emailHint} />
            <Form submitLabel="Save new password" busyLabel="Saving…" onSubmit={reset}>
              <NewPasswordField name="newPassword" label="New password" />
            </Form>
          </>
        )
      }}
    </MailedLink>
  )
}
