import { useState } from 'preact/hooks'
import { Form } from '../forms/form.tsx'
import { latchkey } from '../latchkey.ts'
import { Heading } from '../layout/heading.tsx'
import type { Place } from '../navigation.ts'
import { GoOn, LinkDone } from './link-done.tsx'
import { MailedLink } from './mailed-link.tsx'

type Outcome = 'cancelled' | 'restored'

const before: Readonly<Record<Outcome, { title: string; label: string }>> = {
  cancelled: { title: 'Keep your email address', label: 'Cancel the change' },
  restored: { title: 'Restore your email address', label: 'Restore my address' },
}

export function RevertEmailPage({ place }: { place: Place }) {
  const [reverted, setReverted] = useState<{ email: string; outcome: Outcome } | null>(null)
  return (
    <MailedLink
      place={place}
      title="Undo the change of your email address"
      check={(token) => latchkey.api.POST('/v1/email/change/revert/check', { body: { token } })}
      afterDeadLink={() => (
        <div class="form-actions">
          <a class="button button-primary" href="/forgot-password">
            Reset your password
          </a>
          <a class="button button-quiet" href="/sign-in">
            Sign in
          </a>
        </div>
      )}
    >
      {({ token, checked, refuse }) => {
        if (reverted !== null) return <Reverted {...reverted} />
        const revert = async () => {
          const { data, problem } = await latchkey.api.POST('/v1/email/change/revert', { body: { token } })
          if (!data) return refuse(problem)
          await latchkey.checkSession()
          setReverted(data)
          return undefined
        }
        const { title, label } = before[checked.outcome]
        return (
          <>
            <Heading key={title} title={title} />
            <WhatWillHappen outcome={checked.outcome} emailHint={checked.emailHint} />
            <Form submitLabel={label} busyLabel="One moment…" onSubmit={revert} />
          </>
        )
      }}
    </MailedLink>
  )
}

function WhatWillHappen({ outcome, emailHint }: { outcome: Outcome; emailHint: string }) {
  if (outcome === 'cancelled') {
    return (
      <>
        <p class="lead">
          <strong class="address">{emailHint}</strong> stays the address of your account. The change that was requested
          is cancelled, and the device on which it was requested is signed out.
        </p>
        <p>If you did not request the change, somebody knows your password: change it afterwards.</p>
      </>
    )
  }
  return (
    <>
      <p class="lead">
        <strong class="address">{emailHint}</strong> becomes the address of your account again.
      </p>
      <ul class="consequences">
        <li>All devices are signed out.</li>
        <li>Your password stops working, because somebody else may know it.</li>
        <li>We mail you a link to choose a new password.</li>
      </ul>
    </>
  )
}

function Reverted({ email, outcome }: { email: string; outcome: Outcome }) {
  if (outcome === 'cancelled') {
    return (
      <LinkDone title="The change is cancelled">
        <p class="lead">
          <strong class="address">{email}</strong> is still the address of your account. If you did not request the
          change, <a href="/settings/password">change your password</a> now.
        </p>
        <GoOn />
      </LinkDone>
    )
  }
  return (
    <LinkDone title="Your email address is restored">
      <p class="lead">
        Next, choose a new password: open the link in the mail that we have just sent to{' '}
        <strong class="address">{email}</strong>. Until then, nobody can sign in to your account.
      </p>
      <p>
        No mail? <a href="/forgot-password">Request another one</a>
      </p>
    </LinkDone>
  )
}
