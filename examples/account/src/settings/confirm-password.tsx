import { latchkey } from '../latchkey.ts'
import { Notice } from '../layout/notice.tsx'
import { loadAccount } from '../loading/load-account.ts'
import { useLoad } from '../loading/use-load.ts'
import { navigate, type Place } from '../navigation.ts'
import { CurrentPasswordField } from './current-password-field.tsx'
import { reauthentication } from './reauthentication.ts'
import { SettingsFormPage } from './settings-form-page.tsx'

/** The first screen of the email change: the current password. */
export function ConfirmPasswordPage({ place }: { place: Place }) {
  const { data: account } = useLoad(loadAccount)

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
      <CurrentPasswordField email={account?.email} />
    </SettingsFormPage>
  )
}
