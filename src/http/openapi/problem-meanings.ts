import type { ProblemCode } from '../../domain/problems.ts'

/**
 * What each `code` means to a developer: when the answer comes, and what the client should do. openapi.yaml says this
 * beside the code, in every operation that answers with it. A person sees the texts of domain/problems.ts instead.
 */
export const problemMeanings: Readonly<Record<ProblemCode, string>> = {
  invalid_request: 'The request is malformed: `violations` names each field and what is wrong with it.',
  link_invalid: 'The service has not issued the token, or it was not copied completely.',
  invalid_target: '`resource` is not one of the resources that the operator has configured (`TOKEN_RESOURCES`).',
  unauthenticated:
    'The access token is missing, expired or not valid, or its session has ended. Refresh the session or sign in.',
  invalid_credentials:
    'The email address is unknown or the password is wrong. Both cases get the same answer after the same time.',
  refresh_token_invalid: 'The service has not issued the refresh token, or its session has ended. Sign in again.',
  refresh_token_reused:
    'The refresh token was consumed earlier, which suggests that it was copied. The whole session is revoked. Sign in again.',
  signature_invalid:
    'The signature is missing, too old, or was not made with the key that the operator has configured.',
  email_not_verified:
    'The password is correct, but the address is not verified yet. Offer to mail another link: `POST /v1/email/verify/resend`.',
  account_disabled:
    'The password is correct, but Support has disabled the account. `support` says how to contact Support.',
  wrong_password: 'The current password is wrong. The attempt is counted.',
  reauthentication_required:
    'The request has neither a password nor a reauthentication token that works: it is used, expired, or of another session. Ask ' +
    'for the password again (`POST /v1/reauthenticate`).',
  insufficient_scope: 'The access token lacks the scope that the operation requires. `WWW-Authenticate` names it.',
  not_found: 'No such resource exists.',
  method_not_allowed: 'The path exists, but not for this method. `Allow` lists the methods.',
  request_timeout: 'The request did not arrive completely within 10 seconds.',
  email_unavailable:
    'Another account uses the address or has used it. The answer does not say which. `support` says how to contact Support.',
  account_is_disabled: 'The account is disabled, so that no reset instructions can be sent to it. Enable it first.',
  email_unchanged: 'The new address is the current address of the account.',
  link_expired:
    'The link worked once, but has expired, was replaced by a newer one, or ended with another change of the account. `detail` says ' +
    'which, and what the person can do.',
  link_used: 'The link was used before. `detail` says what it did.',
  payload_too_large: 'The body is larger than 16 KiB (`POST /v1/webhooks/sendgrid`: 1 MiB).',
  unsupported_media_type: 'The content type of the body is not the one that the operation takes.',
  expectation_failed: 'The header `Expect` asks for something else than `100-continue`.',
  password_policy: '`violations` lists every rule that the password breaks.',
  invalid_password_hash: '`passwordHash` is not a bcrypt hash with a cost from 4 to 15.',
  invalid_email: 'The email address cannot be one that mail is sent to.',
  too_many_attempts:
    'Too many attempts or requests. Wait for `retryAfter` seconds before the next attempt; an earlier attempt is refused as well.',
  headers_too_large: 'The headers of the request are larger than 16 KiB in all.',
  internal_error: 'A defect of the service. The log of the service has the details under the request id in `instance`.',
  overloaded:
    'The service is busy and has not started to work on the request. Send it again after `retryAfter` seconds.',
  service_unavailable:
    'The database cannot be reached, or the service is starting or stopping. Send the request again after ' +
    '`retryAfter` seconds.',
}
