import { Form } from '../forms/form.tsx'
import { PasswordField } from '../forms/password-field.tsx'
import { latchkey } from '../latchkey.ts'
import { Heading } from '../layout/heading.tsx'
import { Notice } from '../layout/notice.tsx'
import { SettingsPage } from '../layout/settings-page.tsx'
import { navigate, type Place } from '../navigation.ts'
import { reauthentication } from './reauthentication.ts'
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
    <SettingsPage>
      <p class="crumb">
        Settings <span aria-hidden="true">›</span> <a href="/settings/account">Account</a>
      </p>
      <div class="panel panel-narrow">
        <p class="step">Step 1 of 2</p>
        <Heading title="Change your email address" />
        <Notice text={place.state.notice} />
        <p class="lead">First, enter your current password, so that nobody else can take over your account.</p>
        <Form
          submitLabel="Next"
          busyLabel="Checking…"
          onSubmit={confirmPassword}
          cancel={
            <a class="button button-quiet" href="/settings/account">
              Cancel
            </a>
          }
        >
          <UsernameForPasswordManagers />
          <PasswordField
            name="currentPassword"
            label="Current password"
            autocomplete="current-password"
            missing="Enter your current password."
          />
        </Form>
      </div>
    </SettingsPage>
  )
}
