import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { latchkey } from '../latchkey.ts'
import { navigate } from '../navigation.ts'
import { Brand } from './brand.tsx'
import { ExampleFooter } from './example-footer.tsx'
import { OfflineBanner } from './offline-banner.tsx'

const HALF_SIGNED_OUT =
  'You have signed out on this device, but we could not be reached. To make sure, sign in and out again later.'

/** A page for a person who is signed in. */
export function SettingsPage({ children }: { children: ComponentChildren }) {
  const [isLeaving, setLeaving] = useState(false)
  const signOut = async () => {
    setLeaving(true)
    const { problem } = await latchkey.signOut() // signs out here in any case; the app then shows the sign-in page
    if (problem) navigate('/sign-in', { replace: true, state: { notice: HALF_SIGNED_OUT } })
  }
  return (
    <div class="settings-page">
      <header class="top-bar">
        <OfflineBanner />
        <div class="top-bar-inner">
          <a href="/settings/account" class="brand-link">
            <Brand />
          </a>
          <button class="button button-quiet" type="button" onClick={signOut} aria-disabled={isLeaving}>
            Sign out
          </button>
        </div>
      </header>
      <main class="settings-main">{children}</main>
      <ExampleFooter />
    </div>
  )
}
