/** Every error of the OAuth endpoints, by the code that the RFCs give it: its HTTP status and its description. */
export const oauthErrors = {
  invalid_request: [400, 'A parameter is missing, repeated or malformed.'],
  invalid_client: [401, 'The client is unknown or its credentials are wrong.'],
  unsupported_grant_type: [400, 'The only supported grant type is client_credentials.'],
  invalid_scope: [400, 'A requested scope is unknown, malformed or not granted to the client.'],
  invalid_target: [400, 'The service issues no tokens for the requested resource.'],
  invalid_token: [401, 'The access token is not valid or has expired.'],
  insufficient_scope: [403, 'The client does not have the scope that this request requires.'],
  temporarily_unavailable: [503, 'The service is temporarily unavailable. Try again in a moment.'],
  server_error: [500, 'An error occurred in the service.'],
} as const satisfies Record<string, readonly [status: number, description: string]>

export type OAuthErrorCode = keyof typeof oauthErrors

/** A refusal that is answered in the form of RFC 6749 section 5.2. All routes but the OAuth endpoints throw `Refusal`. */
export class OAuthRefusal extends Error {
  readonly code: OAuthErrorCode
  /** The usual description of the code, or a more specific one. */
  readonly description: string

  constructor(code: OAuthErrorCode, description: string = oauthErrors[code][1]) {
    super(code)
    this.code = code
    this.description = description
  }
}
