import { useState } from 'preact/hooks'
import { EmailField } from '../forms/email-field.tsx'
import { Form } from '../forms/form.tsx'
import { latchkey } from '../latchkey.ts'
import { Heading } from '../layout/heading.tsx'
import type { Place } from '../navigation.ts'
import { GoOn, LinkDone } from './link-done.tsx'
import { MailedLink } from './mailed-link.tsx'
import { OtherSessionNote } from './other-session-note.tsx'

const title = 'Verify your email address'

export function VerifyEmailPage({ place }: { place: Place }) {
  const [verified, setVerified] = useState<string | null>(null)
  return (
    <MailedLink
      place={place}
      title={title}
      check={(token) => latchkey.api.POST('/v1/email/verify/check', { body: { token } })}
      afterDeadLink={({ code }) => (code === 'link_used' ? <SignInButton /> : <NewVerificationMail />)}
    >
      {({ token, checked, refuse }) => {
        if (verified !== null) {
          return (
            <LinkDone title="Your email address is verified">
              <p class="lead">
                Welcome! You can now sign in with <strong class="address">{verified}</strong>.
              </p>
              <GoOn />
            </LinkDone>
          )
        }
        const verify = async () => {
          const { data, problem } = await latchkey.api.POST('/v1/email/verify', { body: { token } })
          if (!data) return refuse(problem)
          setVerified(data.email)
          return undefined
        }
        return (
          <>
            <Heading title={title} />
            <p class="lead">
              Is <strong class="address">{checked.emailHint}</strong> your address? Then finish signing up.
            </p>
            <OtherSessionNote emailHint={checked.emailHint} />
            <Form submitLabel="Verify this address" busyLabel="Verifying…" onSubmit={verify} />
          </>
        )
      }}
    </MailedLink>
  )
}

function SignInButton() {
  return (
    <a class="button button-primary" href="/sign-in">
      Sign in
    </a>
  )
}

function NewVerificationMail() {
  const [sentTo, setSentTo] = useState<string | null>(null)
  const resend = async ({ email = '' }) => {
    const { data, problem } = await latchkey.api.POST('/v1/email/verify/resend', { body: { email } })
    if (data) setSentTo(email)
    return problem
  }
  return (
    <>
      {sentTo === null && (
        <Form
          submitLabel="Send a new mail"
          busyLabel="Sending…"
          onSubmit={resend}
          cancel={
            <a class="button button-quiet" href="/sign-in">
              Sign in
            </a>
          }
        >
          <EmailField name="email" label="Email address" autocomplete="username" />
        </Form>
      )}
      <p role="status">{sentTo !== null && `If ${sentTo} still has to be verified, a new mail is on its way to it.`}</p>
    </>
  )
}
