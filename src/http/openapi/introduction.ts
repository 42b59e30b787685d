import type { Config } from '../../config/config.ts'
import { SCOPES } from '../../domain/scopes.ts'
import { VERSION } from '../../operations/version.ts'

const DESCRIPTION = `Latchkey keeps the login credentials of a product: sign-in, sessions, email changes and password resets.

## Requests and answers
Requests and answers are JSON with names in \`camelCase\`. The OAuth endpoints take forms, and use the names of their RFCs.
Times are RFC 3339 strings in UTC, in fields named \`…At\`. Durations are whole seconds. Ids are UUIDs; only
the id of a service client has another form (\`svc_…\`). A body may have 16 KiB.
An unknown field is refused. An answer may gain fields in a later version: ignore the fields that you do not know.

## Errors
Every error is a problem document (RFC 9457). Programs decide by its \`code\`; \`title\` and \`detail\` may be shown to a person.
Each operation lists the codes that it answers with, and when. Beside those, any operation can answer with the refusals
under *4XX* and *5XX*. After 429 and 503, wait for the seconds in \`Retry-After\`. Only \`/oauth/*\` uses the error format of RFC 6749.

## Signing in
An account holder signs in with \`POST /v1/login\` and sends the access token as \`Authorization: Bearer …\`. It expires after a
few minutes; \`POST /v1/token/refresh\` returns the next one, and replaces the refresh token. Another service gets its access
token from \`POST /oauth/token\`, with the scopes that it needs.

## Mailed links
Routes that take a mailed token ignore the Authorization header: a mailed link works whether or not anyone is signed in, and
regardless of who is signed in. The token is in the fragment of the link. Take it from there, remove it from the address bar, and
send it in the body. The \`…/check\` routes show what a link would do, and do not consume it.`

const TAGS = [
  { name: 'Registration', description: 'Creating an account and verifying its address.' },
  { name: 'Sessions', description: 'Signing in, refreshing tokens, listing sessions and signing out.' },
  { name: 'Account', description: 'The account of the signed-in person.' },
  {
    name: 'Email change',
    description: 'Requesting a change, confirming it from the new address and reverting it from the old one.',
  },
  { name: 'Password', description: 'Changing a known password, resetting a forgotten one, and the rules for both.' },
  { name: 'Services', description: 'For other services: obtaining, introspecting and revoking tokens.' },
  { name: 'Support desk', description: 'Finding accounts and helping their holders, with a service token.' },
  { name: 'Webhooks', description: 'Signed events from other services.' },
  { name: 'Operations', description: 'For the operators of the service.' },
]

/** What openapi.yaml says before the operations. */
export function introduction(config: Config) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Latchkey',
      version: VERSION,
      description: DESCRIPTION,
      contact: { name: config.supportContact },
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: config.publicUrl, description: 'The public URL of the service (`PUBLIC_URL`).' }],
    tags: TAGS,
    security: [],
  }
}

/**
 * The ways to authenticate. Generators make classes of these names, so none may be the name of a schema (`session`) or of a class
 * that generators write themselves (`client`).
 */
export function securitySchemes(config: Config) {
  return {
    sessionToken: {
      type: 'http' as const,
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description:
        'The access token of a session: `accessToken` in the answer to `POST /v1/login` or `POST /v1/token/refresh`.',
    },
    serviceToken: {
      type: 'oauth2' as const,
      description:
        'The access token of a service client, from `POST /oauth/token`. Each operation names the scope that it requires.',
      flows: { clientCredentials: { tokenUrl: `${config.publicUrl}/oauth/token`, scopes: { ...SCOPES } } },
    },
    clientSecret: {
      type: 'http' as const,
      scheme: 'basic',
      description:
        'The id and the secret of a service client. They can be sent in the body instead (`client_id`, `client_secret`).',
    },
  }
}
