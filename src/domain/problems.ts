/** Every error a caller can meet: its `code`, HTTP status and the title and detail of its problem document (RFC 9457). */
export const problems = {
  invalid_request: [400, 'Invalid request', 'The request does not have the form this route takes.'],
  link_invalid: [
    400,
    'Not a valid link',
    'This link was not made by us, or not for this. Check that it was copied whole.',
  ],
  unauthenticated: [401, 'Sign-in required', 'Send a valid access token in the Authorization header.'],
  invalid_credentials: [401, 'Wrong address or password', 'The address and password do not fit together.'],
  refresh_token_invalid: [
    401,
    'Refresh token not valid',
    'This refresh token is not, or no longer, valid. Sign in again.',
  ],
  refresh_token_reused: [
    401,
    'Refresh token used twice',
    'This refresh token was spent before, which is how a stolen one shows. The session is over: sign in again.',
  ],
  signature_invalid: [
    401,
    'Not signed',
    'The body was not signed with the key that is configured here, or too long ago.',
  ],
  email_not_verified: [403, 'Address not confirmed', 'Open the link in the mail we sent, or ask for a new one.'],
  account_disabled: [403, 'Account disabled', 'This account has been disabled. Contact support.'],
  wrong_password: [403, 'Wrong password', 'The current password is not right.'],
  reauthentication_required: [
    403,
    'Password needed',
    'Prove the current password first; a proof is good once, for five minutes.',
  ],
  insufficient_scope: [403, 'Not allowed', 'The token does not have the scope this route needs.'],
  not_found: [404, 'Not found', 'There is nothing here.'],
  method_not_allowed: [405, 'Method not allowed', 'This path does not take this method.'],
  request_timeout: [408, 'Too slow', 'The request took too long to arrive.'],
  email_unavailable: [409, 'Address not available', 'This address cannot be used. Contact support if it is yours.'],
  email_unchanged: [409, 'Address unchanged', 'This already is the address of the account.'],
  link_expired: [
    410,
    'Link no longer valid',
    'This link is too old, or something has happened to the account since. Ask for a new one.',
  ],
  link_used: [410, 'Link already used', 'This link has been used. Each link works once.'],
  payload_too_large: [413, 'Body too large', 'A body may have at most 16 KiB, one of provider events 1 MiB.'],
  unsupported_media_type: [415, 'Unsupported content type', 'Send the body in the content type this route takes.'],
  expectation_failed: [417, 'Expectation failed', 'The only expectation this service meets is 100-continue.'],
  password_policy: [422, 'Password not acceptable', 'The password breaks the rules named in violations.'],
  invalid_password_hash: [
    422,
    'Not an importable password hash',
    'Passwords are imported as bcrypt hashes: $2a$, $2b$ or $2y$, of a cost from 4 to 15.',
  ],
  invalid_email: [422, 'Not an email address', 'The address is not one that mail can be sent to.'],
  too_many_attempts: [429, 'Too many attempts', 'There were too many attempts. Try again later.'],
  headers_too_large: [431, 'Headers too large', 'The headers of the request are too large.'],
  internal_error: [500, 'Internal error', 'Something went wrong on our side. The request id helps support to find it.'],
  overloaded: [503, 'Too busy', 'The service is busy right now. Try again in a moment.'],
  service_unavailable: [503, 'Not available', 'The service cannot answer right now. Try again in a moment.'],
} as const satisfies Record<string, readonly [status: number, title: string, detail: string]>

export type ProblemCode = keyof typeof problems

/** One broken rule of one field, as a form would show it. */
export interface Violation {
  readonly field: string
  readonly rule: string
  readonly message: string
}

export interface RefusalDetails {
  readonly violations?: readonly Violation[]
  /** Whole seconds until another try makes sense. */
  readonly retryAfter?: number
  /** Whom to ask, where only people can help. */
  readonly support?: string
}

/**
 * A refusal the caller may see. Anything else that is thrown is a defect or an outage and shows nothing of itself.
 * Throwing it inside a transaction rolls back: where the refusal must leave a trace, return it and throw after the commit.
 */
export class Refusal extends Error {
  readonly code: ProblemCode
  readonly details: RefusalDetails

  constructor(code: ProblemCode, details: RefusalDetails = {}) {
    super(code)
    this.code = code
    this.details = details
  }
}
