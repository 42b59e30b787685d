import { takeLinkToken } from '@latchkey/client'
import { useEffect, useState } from 'preact/hooks'
import { isPage } from './page-paths.ts'

/** What one page tells the next one. It is kept with the history entry, so it is there again after a reload. */
export interface PlaceState {
  /** A message that the next page shows first. */
  readonly notice?: string
  /** The address that was being entered, so that it need not be entered again. */
  readonly newEmail?: string
  /** The token of the mailed link that opened the page. */
  readonly linkToken?: string
}

export interface Place {
  readonly path: string
  readonly query: URLSearchParams
  readonly state: PlaceState
}

const listeners = new Set<() => void>()
const notifyListeners = () => {
  for (const listener of listeners) listener()
}
addEventListener('popstate', () => {
  keepLinkToken() // a second link that is pasted into the address bar of a page does not load the page again
  notifyListeners()
})
keepLinkToken()

/**
 * Takes the token of a mailed link out of the address bar and keeps it with the history entry: a phone reloads a tab after
 * the person has looked something up elsewhere, and the token must survive that.
 */
function keepLinkToken(): void {
  const linkToken = takeLinkToken()
  if (linkToken !== null) history.replaceState({ linkToken } satisfies PlaceState, '')
}

let hasNavigated = false

/** Whether the page was reached within this tab, rather than loaded. Then its heading takes the focus. */
export function isFollowUp(): boolean {
  return hasNavigated
}

export function navigate(to: string, options: { replace?: boolean; state?: PlaceState } = {}): void {
  const { replace = false, state = {} } = options
  hasNavigated = true
  history[replace ? 'replaceState' : 'pushState'](state, '', to)
  notifyListeners()
  scrollTo(0, 0)
}

/** The page in the address bar, also after the person has gone back. */
export function usePlace(): Place {
  const [place, setPlace] = useState(readPlace)
  useEffect(() => {
    const update = () => {
      hasNavigated = true
      setPlace(readPlace())
    }
    listeners.add(update)
    return () => void listeners.delete(update)
  }, [])
  return place
}

function readPlace(): Place {
  const { pathname, search } = location
  const path = pathname.length > 1 ? pathname.replace(/\/$/, '') : pathname
  return { path, query: new URLSearchParams(search), state: history.state ?? {} }
}

/** Plain links between the pages change the page without loading it again. */
export function followLinks(): void {
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (!link || link.target || link.origin !== location.origin || !isPage(link.pathname)) return
    event.preventDefault()
    navigate(link.pathname + link.search)
  })
}

/** The page to go to after the sign-in. Only a page of this site is accepted, or a link could lead a person elsewhere. */
export function pageAfterSignIn(query: URLSearchParams): string {
  const next = query.get('next') ?? ''
  return isPage(next) ? next : '/settings/account'
}
