import { NewPasswordField } from '../forms/new-password-field.tsx'
import { PasswordField } from '../forms/password-field.tsx'
import { latchkey } from '../latchkey.ts'
import { useLoad } from '../loading/use-load.ts'
import { navigate } from '../navigation.ts'
import { SettingsFormPage } from './settings-form-page.tsx'
import { UsernameForPasswordManagers } from './username-for-password-managers.tsx'

const loadAccount = () => latchkey.api.GET('/v1/me')

export function PasswordPage() {
  const { data: account } = useLoad(loadAccount)

  async function changePassword({ currentPassword = '', newPassword = '' }) {
    const { problem } = await latchkey.api.POST('/v1/password/change', { body: { currentPassword, newPassword } })
    if (problem) return problem
    const notice = 'Your password is changed. All other devices have been signed out.'
    navigate('/settings/account', { replace: true, state: { notice } })
    return undefined
  }
  return (
    <SettingsFormPage
      title="Change your password"
      introduction={<p class="lead">When you save, all your other devices are signed out.</p>}
      submitLabel="Save"
      busyLabel="Saving…"
      onSubmit={changePassword}
    >
      <UsernameForPasswordManagers />
      <PasswordField
        name="currentPassword"
        label="Current password"
        autocomplete="current-password"
        missing="Enter your current password."
      />
      <NewPasswordField name="newPassword" label="New password" email={account?.email} />
    </SettingsFormPage>
  )
}
