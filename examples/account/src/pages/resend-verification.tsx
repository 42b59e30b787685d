import { useState } from 'preact/hooks'
import { latchkey } from '../latchkey.ts'
import { adviceOn } from '../problems/advice.ts'

/** A button that mails the verification link again. */
export function ResendVerification({ email }: { email: string }) {
  const [state, setState] = useState<{ isBusy: boolean; message: string }>({ isBusy: false, message: '' })
  const resend = async () => {
    if (state.isBusy) return
    setState({ isBusy: true, message: '' })
    const { problem } = await latchkey.api.POST('/v1/email/verify/resend', { body: { email } })
    setState({ isBusy: false, message: problem ? adviceOn(problem).text : `A new mail is on its way to ${email}.` })
  }
  return (
    <>
      <p>
        <button class="button" type="button" onClick={resend} aria-disabled={state.isBusy}>
          {state.isBusy ? 'Sending…' : 'Send a new mail'}
        </button>
      </p>
      <p role="status">{state.message}</p>
    </>
  )
}
