import type { FastifyContextConfig as RouteDeclaration } from 'fastify'
import type { OAuthErrorCode } from '../../domain/service-clients/oauth-refusal.ts'
import { type Caller, limitOf } from '../route-declaration.ts'
import { errorResponses, type ListedCode } from './error-responses.ts'
import { oauthErrorResponses } from './oauth-error-responses.ts'

/** What a caller means for the description of a route. */
interface CallerFacts {
  /** The alternatives of OpenAPI's security schemes. An empty one stands for credentials in the body. */
  readonly security: ReadonlyArray<Record<string, string[]>>
  readonly refusals?: readonly ListedCode[]
  readonly oauthErrors?: readonly OAuthErrorCode[]
}

/** The part of the description of a route that derives from its declaration: the security schemes and the error responses. */
export function derivedDescription(declaration: RouteDeclaration, takesInput: boolean) {
  const facts = factsOf(declaration.caller ?? 'public')
  return {
    ...(facts.security.length > 0 ? { security: facts.security } : {}),
    errors: errorsOf(declaration, facts, takesInput),
  }
}

function errorsOf(declaration: RouteDeclaration, facts: CallerFacts, takesInput: boolean): Record<string, object> {
  const { refusals = [], oauthErrors } = declaration
  if (oauthErrors) return oauthErrorResponses([...(facts.oauthErrors ?? []), ...oauthErrors])
  const own = refusals.map((refusal) => (typeof refusal === 'string' ? { code: refusal } : refusal))
  return errorResponses([...(facts.refusals ?? []), ...own], {
    takesInput,
    isLimited: limitOf(declaration) !== 'none',
  })
}

function factsOf(caller: Caller): CallerFacts {
  if (typeof caller !== 'object') return FACTS[caller]
  return {
    security: [{ serviceToken: [caller.scope] }],
    refusals: [
      { code: 'unauthenticated', meaning: 'The access token of the service is missing, expired or not valid.' },
      {
        code: 'insufficient_scope',
        meaning: `The access token lacks the scope \`${caller.scope}\`. \`WWW-Authenticate\` names it.`,
      },
    ],
  }
}

const FACTS: Readonly<Record<Exclude<Caller, object>, CallerFacts>> = {
  public: { security: [] },
  account: { security: [{ sessionToken: [] }], refusals: [{ code: 'unauthenticated' }] },
  tokenHolder: {
    security: [{ sessionToken: [] }, {}],
    refusals: [{ code: 'unauthenticated', meaning: 'The request names no session: no token in it is valid.' }],
  },
  client: { security: [{ clientSecret: [] }, {}], oauthErrors: ['invalid_client'] },
  clientOrService: {
    security: [{ clientSecret: [] }, { serviceToken: [] }, {}],
    oauthErrors: ['invalid_client', 'invalid_token'],
  },
}
