import { useEffect } from 'preact/hooks'
import { EmailField } from '../forms/email-field.tsx'
import { Form } from '../forms/form.tsx'
import { latchkey } from '../latchkey.ts'
import { Heading } from '../layout/heading.tsx'
import { SettingsPage } from '../layout/settings-page.tsx'
import { navigate, type Place } from '../navigation.ts'
import { reauthentication } from './reauthentication.ts'

/** The second screen of the email change: the new address. */
export function NewEmailPage({ place }: { place: Place }) {
  const reauthToken = reauthentication.read()
  useEffect(() => {
    if (reauthToken === null) navigate('/settings/email', { replace: true })
  }, [])
  if (reauthToken === null) return null

  async function save({ newEmail = '' }) {
    const { data, problem } = await latchkey.api.POST('/v1/email/change', {
      body: { newEmail, reauthToken: reauthentication.read() ?? '' },
    })
    if (problem?.code === 'reauthentication_required') {
      reauthentication.forget()
      const notice = 'More than five minutes have passed. Enter your password again; your new address is kept.'
      navigate('/settings/email', { replace: true, state: { notice, newEmail } })
      return undefined
    }
    if (!data) return problem
    reauthentication.forget()
    const notice = 'Almost done: confirm your new address.'
    navigate('/settings/account', { replace: true, state: { notice } })
    return undefined
  }
  return (
    <SettingsPage>
      <p class="crumb">
        Settings <span aria-hidden="true">›</span> <a href="/settings/account">Account</a>
      </p>
      <div class="panel panel-narrow">
        <p class="step">Step 2 of 2</p>
        <Heading title="Enter your new email address" />
        <p class="lead">We send a mail to it. Nothing changes until you open the link in that mail.</p>
        <Form
          submitLabel="Save"
          busyLabel="Saving…"
          onSubmit={save}
          cancel={
            <a class="button button-quiet" href="/settings/account">
              Cancel
            </a>
          }
        >
          <EmailField name="newEmail" label="New email address" autocomplete="email" value={place.state.newEmail} />
        </Form>
      </div>
    </SettingsPage>
  )
}
