import { useState } from 'preact/hooks'
import { Heading } from '../layout/heading.tsx'
import { MailIcon } from '../layout/icons.tsx'
import { adviceOn } from '../problems/advice.ts'
import type { Result } from '../problems/problem.ts'

interface MailSentProps {
  readonly email: string
  /** What the link in the mail is for: "to choose a new password". */
  readonly purpose: string
  /** What the person reads to Support if no mail comes. */
  readonly receipt: string
  /** True where a mail is sent only if there is an account, which nobody may learn here. */
  readonly isConditional?: boolean
  readonly again: () => Promise<Result<{ receipt: string }>>
  readonly startOver: () => void
}

/** "Check your inbox", and what to do if nothing arrives. */
export function MailSent({ email, purpose, receipt, isConditional = false, again, startOver }: MailSentProps) {
  const [state, setState] = useState({ isBusy: false, message: '', receipt })
  const sendAgain = async () => {
    if (state.isBusy) return
    setState({ ...state, isBusy: true, message: '' })
    const { data, problem } = await again()
    setState({
      isBusy: false,
      message: problem ? adviceOn(problem).text : 'Sent again. The newest mail is the one to open.',
      receipt: data?.receipt ?? state.receipt,
    })
  }
  return (
    <>
      <div class="badge-icon">
        <MailIcon />
      </div>
      <Heading title="Check your inbox" />
      <p class="lead">
        {isConditional ? 'If there is an account for ' : 'We have sent a mail to '}
        <strong class="address">{email}</strong>
        {isConditional ? ', we have sent a mail to it. ' : '. '}
        Open the link in it {purpose}.
      </p>
      <details class="help">
        <summary>No mail after a few minutes?</summary>
        <ul>
          <li>Look in your spam folder.</li>
          <li>
            Make sure that the address is right, or{' '}
            <button class="link-button" type="button" onClick={startOver}>
              enter another one
            </button>
            .
          </li>
          <li>
            <button class="link-button" type="button" onClick={sendAgain} aria-disabled={state.isBusy}>
              Send the mail again
            </button>
            .
          </li>
          <li>
            Contact Support and give them this code: <code>{state.receipt}</code>
          </li>
        </ul>
      </details>
      <p role="status" class="status-line">
        {state.message}
      </p>
    </>
  )
}
