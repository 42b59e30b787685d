import { NewPasswordField } from '../forms/new-password-field.tsx'
import { latchkey } from '../latchkey.ts'
import { loadAccount } from '../loading/load-account.ts'
import { useLoad } from '../loading/use-load.ts'
import { navigate } from '../navigation.ts'
import { CurrentPasswordField } from './current-password-field.tsx'
import { SettingsFormPage } from './settings-form-page.tsx'

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
      <CurrentPasswordField email={account?.email} />
      <NewPasswordField name="newPassword" label="New password" email={account?.email} />
    </SettingsFormPage>
  )
}
