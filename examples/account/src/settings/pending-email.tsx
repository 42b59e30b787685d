import { useCallback, useState } from 'preact/hooks'
import { latchkey } from '../latchkey.ts'
import { MailIcon } from '../layout/icons.tsx'
import { useLoad } from '../loading/use-load.ts'
import { adviceOn } from '../problems/advice.ts'
import { timeInWords } from './times-in-words.ts'

interface PendingEmailProps {
  readonly account: { readonly email: string; readonly pendingEmail: string | null }
  readonly onCancelled: () => Promise<void>
}

/** An email change that waits for the link in the mail to the new address. */
export function PendingEmail({ account, onCancelled }: PendingEmailProps) {
  const { data: pending } = useLoad(
    // A new function for a new address: the end of the time is then loaded again.
    useCallback(() => latchkey.api.GET('/v1/email/change'), [account.pendingEmail]),
  )
  const [state, setState] = useState({ isBusy: false, message: '' })
  const cancel = async () => {
    if (state.isBusy) return
    setState({ isBusy: true, message: '' })
    const { problem } = await latchkey.api.DELETE('/v1/email/change')
    // `not_found`: it has been confirmed, cancelled or replaced in the meantime, which the reloaded page shows.
    setState({ isBusy: false, message: problem && problem.code !== 'not_found' ? adviceOn(problem).text : '' })
    await onCancelled()
  }
  return (
    <div class="pending">
      <MailIcon />
      <div class="pending-text">
        <p>
          <strong>Waiting for you to confirm </strong>
          <strong class="address">{account.pendingEmail}</strong>
        </p>
        <p>
          Open the link in the mail that we have sent there
          {pending && <>, before {timeInWords(pending.expiresAt)}</>}. Until then, you sign in with your current
          address.
        </p>
        <p>
          <button class="link-button" type="button" onClick={cancel} aria-disabled={state.isBusy}>
            {state.isBusy ? 'Cancelling…' : 'Cancel the change'}
          </button>
        </p>
        <p role="status">{state.message}</p>
      </div>
    </div>
  )
}
