import { useEffect } from 'preact/hooks'
import { EmailField } from '../forms/email-field.tsx'
import { latchkey } from '../latchkey.ts'
import { navigate, type Place } from '../navigation.ts'
import { reauthentication } from './reauthentication.ts'
import { SettingsFormPage } from './settings-form-page.tsx'

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
    <SettingsFormPage
      step="Step 2 of 2"
      title="Enter your new email address"
      introduction={<p class="lead">We send a mail to it. Nothing changes until you open the link in that mail.</p>}
      submitLabel="Save"
      busyLabel="Saving…"
      onSubmit={save}
    >
      <EmailField name="newEmail" label="New email address" autocomplete="email" value={place.state.newEmail} />
    </SettingsFormPage>
  )
}
