import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { latchkey } from '../latchkey.ts'
import { Brand } from './brand.tsx'
import { ExampleFooter } from './example-footer.tsx'
import { OfflineBanner } from './offline-banner.tsx'

/** A page for a person who is signed in. */
export function SettingsPage({ children }: { children: ComponentChildren }) {
  const [isLeaving, setLeaving] = useState(false)
  const signOut = async () => {
    setLeaving(true)
    await latchkey.signOut() // signs out here in any case; the app then shows the sign-in page
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
