import { Form } from '../forms/form.tsx'
import { NewPasswordField } from '../forms/new-password-field.tsx'
import { PasswordField } from '../forms/password-field.tsx'
import { latchkey } from '../latchkey.ts'
import { Heading } from '../layout/heading.tsx'
import { SettingsPage } from '../layout/settings-page.tsx'
import { useLoad } from '../loading/use-load.ts'
import { navigate } from '../navigation.ts'
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
    <SettingsPage>
      <p class="crumb">
        Settings <span aria-hidden="true">›</span> <a href="/settings/account">Account</a>
      </p>
      <div class="panel panel-narrow">
        <Heading title="Change your password" />
        <p class="lead">When you save, all your other devices are signed out.</p>
        <Form
          submitLabel="Save"
          busyLabel="Saving…"
          onSubmit={changePassword}
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
          <NewPasswordField name="newPassword" label="New password" email={account?.email} />
        </Form>
      </div>
    </SettingsPage>
  )
}
