/** Everything a service client can be allowed to do, and the words an operator reads. A closed list. */
export const SCOPES = {
  'tokens:introspect': 'Ask whether a token is valid now.',
  'users:read': 'Find accounts and read them.',
  'users:write': 'Create, import, disable and enable accounts, end their sessions, send reset instructions.',
  'users:delete': 'Erase accounts.',
  'addresses:read': 'See whether an address is free, in use or locked.',
  'addresses:unlock': 'Unlock a locked address.',
  'mail:write': 'Clear the suppression of an address by the mail provider.',
  'mail:read': 'See what became of a mail or a receipt. Links are never shown.',
  'events:read': 'Read and export the audit trail, and list security events.',
  'events:replay': 'Send a security event again to the configured URLs.',
} as const satisfies Record<string, string>

export type Scope = keyof typeof SCOPES

export function isScope(text: string): text is Scope {
  return Object.hasOwn(SCOPES, text)
}

/** The tokens of a space-separated list (RFC 6749 section 3.3), each once, in the order given. */
export function splitScopes(text: string): string[] {
  return [...new Set(text.split(' ').filter((scope) => scope !== ''))]
}
