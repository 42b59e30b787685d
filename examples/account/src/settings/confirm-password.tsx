import { PasswordField } from '../forms/password-field.tsx'
import { latchkey } from '../latchkey.ts'
import { Notice } from '../layout/notice.tsx'
import { navigate, type Place } from '../navigation.ts'
import { reauthentication } from './reauthentication.ts'
import { SettingsFormPage } from './settings-form-page.tsx'
import { UsernameForPasswordManagers } from './username-for-password-managers.tsx'

/** The first screen of the email change: the current password. */
export function ConfirmPasswordPage({ place }: { place: Place }) {
  async function confirmPassword({ currentPassword = '' }) {
    const { data, problem } = await latchkey.api.POST('/v1/reauthenticate', { body: { currentPassword } })
    if (!data) return problem
    reauthentication.keep(data.reauthToken)
    const { newEmail } = place.state
    navigate('/settings/email/new', { state: newEmail === undefined ? {} : { newEmail } })
    return undefined
  }
  return (
    <SettingsFormPage
      step="Step 1 of 2"
      title="Change your email address"
      introduction={
        <>
          <Notice text={place.state.notice} />
          <p class="lead">First, enter your current password, so that nobody else can take over your account.</p>
        </>
      }
      submitLabel="Next"
      busyLabel="Checking…"
      onSubmit={confirmPassword}
    >
      <UsernameForPasswordManagers />
      <PasswordField
        name="currentPassword"
        label="Current password"
        autocomplete="current-password"
        missing="Enter your current password."
      />
    </SettingsFormPage>
  )
}
