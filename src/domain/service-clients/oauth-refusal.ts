/** Every error of the OAuth endpoints, in the RFCs' own words: its HTTP status and the description that goes with it. */
export const oauthErrors = {
  invalid_request: [400, 'The request lacks a parameter, repeats one, or is malformed.'],
  invalid_client: [401, 'The client is not known, or its credentials are not right.'],
  unsupported_grant_type: [400, 'The only grant type here is client_credentials.'],
  invalid_scope: [400, 'The scope is unknown, malformed, or more than the client has.'],
  invalid_token: [401, 'The access token is not, or no longer, valid.'],
  insufficient_scope: [403, 'The client does not have the scope this needs.'],
  temporarily_unavailable: [503, 'The service cannot answer right now. Try again in a moment.'],
  server_error: [500, 'Something went wrong on our side.'],
} as const satisfies Record<string, readonly [status: number, description: string]>

export type OAuthErrorCode = keyof typeof oauthErrors

/** A refusal in the form that OAuth clients read (RFC 6749 section 5.2); our own routes throw `Refusal`. */
export class OAuthRefusal extends Error {
  readonly code: OAuthErrorCode
  /** More than the usual description, where it helps whoever wrote the client. */
  readonly description: string

  constructor(code: OAuthErrorCode, description: string = oauthErrors[code][1]) {
    super(code)
    this.code = code
    this.description = description
  }
}
