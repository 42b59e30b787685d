import { type DeadLink, deadLinks } from './dead-links.ts'

/** The text of a problem document (RFC 9457). Both members may be shown to a person. */
export interface ProblemText {
  readonly title: string
  readonly detail: string
  /** Whether the text tells a person to contact Support. The answer then has `support`, the configured contact. */
  readonly contactsSupport?: true
}

/**
 * Every error that a caller can meet, by its `code`. `detail` says what happened and what to do next; what a developer
 * needs to know of a code is in openapi.yaml. The HTTP status of each code is in http/problems/problem-statuses.ts.
 */
export const problems = {
  invalid_request: {
    title: 'Invalid request',
    detail: 'Something in the request is missing or not valid. Check the fields that are named, and try again.',
  },
  link_invalid: {
    title: 'Link not valid',
    detail: 'This link is not valid. Make sure that you copied the whole link.',
  },
  invalid_target: {
    title: 'Resource not available',
    detail: 'The service issues no tokens for the requested resource.',
  },
  unauthenticated: {
    title: 'Sign-in required',
    detail: 'You are not signed in, or your session has ended. Sign in and try again.',
  },
  invalid_credentials: {
    title: 'Wrong email address or password',
    detail: 'The email address or password is wrong.',
  },
  refresh_token_invalid: {
    title: 'Session ended',
    detail: 'Your session has ended. Sign in again.',
  },
  refresh_token_reused: {
    title: 'Refresh token already used',
    detail:
      'This refresh token was already used, which suggests that it was stolen. The session has been revoked. Sign in again.',
  },
  signature_invalid: {
    title: 'Signature not valid',
    detail: 'The signature is missing, too old, or was not made with the configured key.',
  },
  email_not_verified: {
    title: 'Email address not verified',
    detail: 'Open the link in the mail that we sent you, or request a new one.',
  },
  account_disabled: {
    title: 'Account disabled',
    detail: 'This account has been disabled. Contact support.',
    contactsSupport: true,
  },
  wrong_password: {
    title: 'Wrong password',
    detail: 'Your current password is incorrect.',
  },
  reauthentication_required: {
    title: 'Password required',
    detail: 'Confirm your current password first. The confirmation is valid for one change within five minutes.',
  },
  insufficient_scope: {
    title: 'Not allowed',
    detail: 'The service client does not have the scope that this request requires.',
  },
  not_found: {
    title: 'Not found',
    detail: 'The requested resource does not exist.',
  },
  method_not_allowed: {
    title: 'Method not allowed',
    detail: 'This resource does not support the request method.',
  },
  request_timeout: {
    title: 'Request timeout',
    detail: 'The request took too long to arrive. Try again.',
  },
  email_unavailable: {
    title: 'Email address not available',
    detail: 'This email address cannot be used. If it is yours, contact support.',
    contactsSupport: true,
  },
  account_is_disabled: {
    title: 'Account disabled',
    detail: 'This account is disabled. Enable it first.',
  },
  email_unchanged: {
    title: 'Email address unchanged',
    detail: 'This is already your email address.',
  },
  link_expired: {
    title: 'Link expired',
    detail: 'This link has expired or has been replaced. Request a new one.',
  },
  link_used: {
    title: 'Link already used',
    detail: 'This link has already been used. Each link works once.',
  },
  payload_too_large: {
    title: 'Request too large',
    detail: 'The request is too large. A body may have 16 KiB, a batch of provider events 1 MiB.',
  },
  unsupported_media_type: {
    title: 'Content type not supported',
    detail: 'Send the request with the content type application/json.',
  },
  expectation_failed: {
    title: 'Expectation failed',
    detail: 'The only expectation that this service meets is 100-continue.',
  },
  password_policy: {
    title: 'Password not acceptable',
    detail: 'Choose a password that meets every rule.',
  },
  invalid_password_hash: {
    title: 'Password hash not valid',
    detail: 'Passwords are imported as bcrypt hashes ($2a$, $2b$ or $2y$) with a cost from 4 to 15.',
  },
  invalid_email: {
    title: 'Email address not valid',
    detail: 'Enter a valid email address, like ada@example.com.',
  },
  too_many_attempts: {
    title: 'Too many attempts',
    detail: 'There were too many attempts. Try again later.',
  },
  headers_too_large: {
    title: 'Headers too large',
    detail: 'The headers of the request are too large.',
  },
  internal_error: {
    title: 'Internal error',
    detail: 'Something went wrong on our side. Support can look into it with the request id.',
    contactsSupport: true,
  },
  overloaded: {
    title: 'Service busy',
    detail: 'The service is busy right now. Try again in a moment.',
  },
  service_unavailable: {
    title: 'Service unavailable',
    detail: 'The service is not available right now. Try again in a moment.',
  },
} as const satisfies Record<string, ProblemText>

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
  /** Which text of dead-links.ts replaces the `detail` of the problem. */
  readonly deadLink?: DeadLink
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

/** The refusal of a link that no longer works. */
export function deadLink(which: DeadLink): Refusal {
  return new Refusal(deadLinks[which].code, { deadLink: which })
}
