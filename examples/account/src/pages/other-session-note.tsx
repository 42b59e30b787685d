import { loadAccount } from '../loading/load-account.ts'
import { useLoad } from '../loading/use-load.ts'
import { useSession } from '../session/use-session.ts'

/** Tells somebody who is signed in with another account that the link is not for that one. */
export function OtherSessionNote({ emailHint }: { emailHint: string }) {
  return useSession().status === 'signed_in' ? <Note emailHint={emailHint} /> : null
}

function Note({ emailHint }: { emailHint: string }) {
  const { data: account } = useLoad(loadAccount)
  if (!account || [account.email, account.pendingEmail].some((email) => email && isHintOf(email, emailHint)))
    return null
  return (
    <p class="aside">
      You are signed in as <strong class="address">{account.email}</strong>. This link is for another account. It works
      all the same, and you stay signed in.
    </p>
  )
}

/** The service masks an address as `a•••@example.com`. */
function isHintOf(email: string, hint: string): boolean {
  const [start, end] = hint.split('•••')
  return start !== undefined && end !== undefined && email.startsWith(start) && email.endsWith(end)
}
