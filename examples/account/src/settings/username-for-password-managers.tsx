import { latchkey } from '../latchkey.ts'
import { useLoad } from '../loading/use-load.ts'

const loadAccount = () => latchkey.api.GET('/v1/me')

/**
 * Tells a password manager which account a password belongs to, where the page does not ask for the address. People do not
 * see it, and screen readers do not read it.
 */
export function UsernameForPasswordManagers() {
  const { data: account } = useLoad(loadAccount)
  return (
    <input
      class="visually-hidden"
      type="email"
      name="username"
      autocomplete="username"
      value={account?.email ?? ''}
      readOnly
      tabIndex={-1}
      aria-hidden="true"
    />
  )
}
