// Generated from openapi.yaml by `npm run generate`. Do not edit.

/** The `code` values that any route may answer with. */
export type CommonProblemCode = 'expectation_failed' | 'headers_too_large' | 'internal_error' | 'invalid_request' | 'method_not_allowed' | 'overloaded' | 'payload_too_large' | 'request_timeout' | 'service_unavailable' | 'too_many_attempts' | 'unsupported_media_type'

/** The other `code` values that each route documents. */
export interface RouteProblemCodes {
  'POST /v1/register': 'invalid_email' | 'password_policy'
  'POST /v1/email/verify': 'link_expired' | 'link_invalid' | 'link_used'
  'POST /v1/email/verify/check': 'link_expired' | 'link_invalid' | 'link_used'
  'POST /v1/email/verify/resend': 'invalid_email'
  'POST /v1/login': 'account_disabled' | 'email_not_verified' | 'invalid_credentials' | 'password_policy'
  'POST /v1/token/refresh': 'invalid_target' | 'refresh_token_invalid' | 'refresh_token_reused'
  'POST /v1/logout': 'unauthenticated'
  'POST /v1/reauthenticate': 'password_policy' | 'unauthenticated' | 'wrong_password'
  'GET /v1/sessions': 'unauthenticated'
  'DELETE /v1/sessions': 'unauthenticated'
  'DELETE /v1/sessions/{id}': 'not_found' | 'unauthenticated'
  'GET /v1/me': 'unauthenticated'
  'PATCH /v1/me': 'unauthenticated'
  'GET /v1/email/change': 'not_found' | 'unauthenticated'
  'POST /v1/email/change': 'email_unavailable' | 'email_unchanged' | 'invalid_email' | 'password_policy' | 'reauthentication_required' | 'unauthenticated' | 'wrong_password'
  'DELETE /v1/email/change': 'not_found' | 'unauthenticated'
  'POST /v1/email/change/confirm': 'email_unavailable' | 'link_expired' | 'link_invalid' | 'link_used'
  'POST /v1/email/change/confirm/check': 'email_unavailable' | 'link_expired' | 'link_invalid' | 'link_used'
  'POST /v1/email/change/revert': 'link_expired' | 'link_invalid' | 'link_used'
  'POST /v1/email/change/revert/check': 'link_expired' | 'link_invalid' | 'link_used'
  'POST /v1/password/change': 'password_policy' | 'reauthentication_required' | 'unauthenticated' | 'wrong_password'
  'POST /v1/password/forgot': 'invalid_email'
  'POST /v1/password/reset/check': 'link_expired' | 'link_invalid' | 'link_used'
  'POST /v1/password/reset': 'link_expired' | 'link_invalid' | 'link_used' | 'password_policy'
  'GET /v1/password/policy': never
  'POST /v1/password/check': never
}

/** The routes that need an access token. */
export const sessionRoutes: readonly string[] = [
  'POST /v1/reauthenticate',
  'GET /v1/sessions',
  'DELETE /v1/sessions',
  'DELETE /v1/sessions/{id}',
  'GET /v1/me',
  'PATCH /v1/me',
  'GET /v1/email/change',
  'POST /v1/email/change',
  'DELETE /v1/email/change',
  'POST /v1/password/change',
]
