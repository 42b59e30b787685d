import { PasswordField } from '../forms/password-field.tsx'

/**
 * The current password of a person who is signed in. The page does not ask for the address, so a hidden field tells a
 * password manager which account the password belongs to. People do not see it, and screen readers do not read it.
 */
export function CurrentPasswordField({ email = '' }: { email: string | undefined }) {
  return (
    <>
      <input
        class="visually-hidden"
        type="email"
        name="username"
        autocomplete="username"
        value={email}
        readOnly
        tabIndex={-1}
        aria-hidden="true"
      />
      <PasswordField
        name="currentPassword"
        label="Current password"
        autocomplete="current-password"
        missing="Enter your current password."
      />
    </>
  )
}
