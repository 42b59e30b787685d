import type { ComponentChildren } from 'preact'
import { Heading } from '../layout/heading.tsx'
import { CheckIcon } from '../layout/icons.tsx'
import { useSession } from '../session/use-session.ts'

/** What a mailed link has done, and the way on. The person chooses to go on; the page does not lead away by itself. */
export function LinkDone({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <>
      <div class="badge-icon">
        <CheckIcon />
      </div>
      <Heading key={title} title={title} />
      {children}
    </>
  )
}

/** Leads to the account, or to the sign-in if nobody is signed in. */
export function GoOn() {
  const isSignedIn = useSession().status === 'signed_in'
  return (
    <a class="button button-primary" href={isSignedIn ? '/settings/account' : '/sign-in'}>
      {isSignedIn ? 'Go to your account' : 'Sign in'}
    </a>
  )
}
