import { browserStorage, createLatchkey } from '@latchkey/client'

/**
 * The client that every page uses. The tokens are in localStorage, so that a person stays signed in and all tabs share one
 * session. This is safe only with the strict Content-Security-Policy of server/page-headers.ts.
 */
export const latchkey = createLatchkey({ baseUrl: import.meta.env['VITE_LATCHKEY_URL'], storage: browserStorage() })
