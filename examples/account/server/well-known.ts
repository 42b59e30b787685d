import type { Connect, Plugin } from 'vite'

/**
 * `/.well-known/change-password` is where password managers send a person who has to change a password
 * (https://w3c.github.io/webappsec-change-password-url/). Every other well-known address is a real 404: password managers ask for
 * one that cannot exist, and do not trust a site that answers it with a page.
 */
export function wellKnown(): Plugin {
  const answer: Connect.NextHandleFunction = (request, response, next) => {
    const [path] = (request.url ?? '').split('?')
    if (!path?.startsWith('/.well-known/')) return next()
    if (path === '/.well-known/change-password') response.writeHead(303, { Location: '/settings/password' })
    else response.writeHead(404, { 'Content-Type': 'text/plain' })
    response.end()
  }
  return {
    name: 'well-known',
    configureServer: (server) => void server.middlewares.use(answer),
    configurePreviewServer: (server) => void server.middlewares.use(answer),
  }
}
