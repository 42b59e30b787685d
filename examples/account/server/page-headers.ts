import type { Plugin } from 'vite'

/**
 * The headers that every host of these pages has to send. Everything comes from the pages' own origin, except the calls
 * to the service. There is no inline script and no inline style, so an injected one does not run.
 */
export function headersFor(service: string): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${new URL(service).origin}`,
    "frame-src 'self'", // the inbox shows the HTML of a mail in a frame
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ]
  return {
    'Content-Security-Policy': policy.join('; '),
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  }
}

/** Sends the headers with the built pages. The development server needs inline scripts, so it goes without. */
export function pageHeaders(service: string): Plugin {
  const headers = new Map(Object.entries(headersFor(service)))
  return {
    name: 'page-headers',
    configurePreviewServer(server) {
      server.middlewares.use((_request, response, next) => {
        response.setHeaders(headers)
        next()
      })
    },
  }
}
