import type { ComponentChildren } from 'preact'
import { Brand } from './brand.tsx'
import { ExampleFooter } from './example-footer.tsx'
import { OfflineBanner } from './offline-banner.tsx'

/** A page with one task: everything before the sign-in, and the pages of mailed links. */
export function CardPage({ children, below }: { children: ComponentChildren; below?: ComponentChildren }) {
  return (
    <div class="card-page">
      <header class="card-page-head">
        <OfflineBanner />
        <a href="/" class="brand-link">
          <Brand />
        </a>
      </header>
      <main class="card-page-main">
        <div class="card">{children}</div>
        {below !== undefined && <div class="card-below">{below}</div>}
      </main>
      <ExampleFooter />
    </div>
  )
}
