import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import { navigate, type Place, pageAfterSignIn, usePlace } from './navigation.ts'
import { isPage, type PagePath } from './page-paths.ts'
import { ConfirmEmailPage } from './pages/confirm-email.tsx'
import { ForgotPasswordPage } from './pages/forgot-password.tsx'
import { NotFoundPage } from './pages/not-found.tsx'
import { ResetPasswordPage } from './pages/reset-password.tsx'
import { RevertEmailPage } from './pages/revert-email.tsx'
import { SignInPage } from './pages/sign-in.tsx'
import { SignUpPage } from './pages/sign-up.tsx'
import { VerifyEmailPage } from './pages/verify-email.tsx'
import { noticeOf } from './session/signed-out-notices.ts'
import { useSession } from './session/use-session.ts'
import { AccountPage } from './settings/account.tsx'
import { ConfirmPasswordPage } from './settings/confirm-password.tsx'
import { NewEmailPage } from './settings/new-email.tsx'
import { PasswordPage } from './settings/password.tsx'

interface Route {
  readonly page: ComponentType<{ place: Place }>
  /** The pages of mailed links are for everyone: they work whoever is signed in, and lead nowhere by themselves. */
  readonly audience: 'everyone' | 'signed_in' | 'signed_out'
}

const routes: Readonly<Record<PagePath, Route>> = {
  '/': { page: AccountPage, audience: 'signed_in' },
  '/sign-in': { page: SignInPage, audience: 'signed_out' },
  '/sign-up': { page: SignUpPage, audience: 'signed_out' },
  '/forgot-password': { page: ForgotPasswordPage, audience: 'everyone' },
  '/reset-password': { page: ResetPasswordPage, audience: 'everyone' },
  '/verify-email': { page: VerifyEmailPage, audience: 'everyone' },
  '/confirm-email': { page: ConfirmEmailPage, audience: 'everyone' },
  '/revert-email': { page: RevertEmailPage, audience: 'everyone' },
  '/settings/account': { page: AccountPage, audience: 'signed_in' },
  '/settings/email': { page: ConfirmPasswordPage, audience: 'signed_in' },
  '/settings/email/new': { page: NewEmailPage, audience: 'signed_in' },
  '/settings/password': { page: PasswordPage, audience: 'signed_in' },
}

export function App() {
  const place = usePlace()
  const session = useSession()
  const route = isPage(place.path) ? routes[place.path] : { page: NotFoundPage, audience: 'everyone' }

  if (session.status === 'loading') return null // the time to read the storage, too short for a message
  if (session.status === 'signed_out' && route.audience === 'signed_in') {
    const isDeliberate = session.reason === 'signed_out' || session.reason === 'signed_out_in_another_tab'
    const next = isDeliberate || place.path === '/' ? '' : `?next=${encodeURIComponent(place.path)}`
    return <Redirect to={`/sign-in${next}`} notice={noticeOf(session.reason)} />
  }
  if (session.status === 'signed_in' && route.audience === 'signed_out') {
    return <Redirect to={pageAfterSignIn(place.query)} />
  }
  return <route.page key={`${place.path} ${place.state.linkToken ?? ''}`} place={place} />
}

function Redirect({ to, notice }: { to: string; notice?: string | undefined }) {
  useEffect(() => navigate(to, { replace: true, state: notice === undefined ? {} : { notice } }), [to, notice])
  return null
}
