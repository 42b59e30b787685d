/** Reads the token of a mailed link from the fragment of the page's address (`#token=…`); null if there is none. */
export function readLinkToken(): string | null {
  return new URLSearchParams(globalThis.location?.hash.slice(1)).get('token') || null
}

/**
 * Reads the token of a mailed link and removes the fragment from the address bar and from the history. A person who shares
 * the address, and a script that reports it, then do not pass the token on.
 */
export function takeLinkToken(): string | null {
  const token = readLinkToken()
  if (token) history.replaceState(history.state, '', location.pathname + location.search)
  return token
}
