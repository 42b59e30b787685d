import fc, { type Arbitrary } from 'fast-check'
import { type LiveName, live } from './live-values.ts'

/** Texts on which parsers, databases or headers have failed before, and arbitrary ones. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.string(),
  fc.emailAddress(),
  fc.uuid(),
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '\ud800',
    '../../etc/passwd',
    "' OR 1=1 --",
    '__proto__',
    'constructor',
    '%00',
    '-1',
    '1e400',
    '9'.repeat(40),
    'null',
    '\u202e',
    'ａｄａ@example.com',
    'ada@EXAMPLE.com.',
    'true',
    '0x10',
    'a'.repeat(3_000),
    `${'a'.repeat(65)}@example.com`,
    'Aa1!'.repeat(32),
    `Aa1!${'é'.repeat(40)}`,
    '2026-02-30',
  ),
)
export const anyJson = fc.oneof(
  anyText,
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(null, true, 0, -0, -1, 1e308, 2 ** 53, [], {}, ['{{email}}'], { $ne: null }, [[[]]]),
)

/** Sensible values of a field, by its name or by its route and name. */
const sensible: Readonly<Record<string, Arbitrary<unknown>>> = {
  email: oneLive('email', 'email', 'otherEmail', 'lockedEmail', 'freshEmail', 'suppressedEmail'),
  everHeld: oneLive('email', 'lockedEmail'),
  emailPrefix: fc.constantFrom('person', 'p', '%', '_', '\\'),
  newEmail: oneLive('freshEmail', 'freshEmail', 'otherEmail', 'lockedEmail', 'email'),
  password: oneLive('password', 'password', 'newPassword'),
  currentPassword: oneLive('password', 'password', 'password', 'newPassword'),
  newPassword: fc.oneof(oneLive('newPassword', 'password'), fc.constantFrom('short', 'no-digits-Here', 'Password1!')),
  token: oneLive(
    'verifyToken',
    'resetToken',
    'confirmToken',
    'revertToken',
    'accessToken',
    'refreshToken',
    'serviceToken',
  ),
  refreshToken: oneLive('refreshToken', 'refreshToken', 'deadRefreshToken'),
  reauthToken: oneLive('reauthToken'),
  grant_type: fc.constantFrom('client_credentials', 'client_credentials', 'password', 'refresh_token'),
  scope: fc.constantFrom('users:read', 'users:read users:write', 'tokens:introspect', '', ' ', 'nonsense'),
  client_id: oneLive('clientId'),
  client_secret: oneLive('clientSecret'),
  token_type_hint: fc.constantFrom('access_token', 'refresh_token', 'nonsense'),
  passwordHash: fc.constantFrom(
    '$2b$04$eImiTXuWVxfM37uY4JANjO5eUQYzv3d9T0tW7s2yX6u1m6z7p7mJq',
    '$2y$31$eImiTXuWVxfM37uY4JANjO5eUQYzv3d9T0tW7s2yX6u1m6z7p7mJq',
    '$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA',
  ),
  emailVerified: fc.boolean(),
  disabled: fc.boolean(),
  createdAt: fc.constantFrom(
    '2020-01-01T00:00:00Z',
    '2020-02-29T12:00:00.5+14:00',
    '9999-12-31T23:59:60Z',
    '0000-01-01T00:00:00Z',
    '2020-01-01',
  ),
  locale: fc.constantFrom('de', 'en-GB', 'zh-Hant-TW', 'english!', ''),
  reason: fc.constantFrom('asked by phone', 'x'.repeat(501), ''),
  limit: fc.constantFrom('1', '100', '0', '101', '1.5', '-1'),
  cursor: fc.oneof(oneLive('cursor'), anyText),
  from: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01', '+275760-09-13T00:00:00.000Z', '0000-01-01T00:00:00Z'),
  to: fc.constantFrom('2027-01-01T00:00:00Z', 'tomorrow', '2016-12-31T23:59:60Z'),
  accountId: oneLive('accountId', 'nobodysId'),
  state: fc.constantFrom('pending', 'delivered', 'failed', 'lost'),
  receipt: oneLive('receipt'),
  // Either proves who it is; both together are refused.
  'POST /v1/password/change currentPassword': oneLive('password'),
  'POST /v1/password/change reauthToken': fc.oneof(
    { arbitrary: fc.constant(undefined), weight: 3 },
    oneLive('reauthToken'),
  ),
  'POST /v1/password/change newPassword': oneLive('newPassword'),
  'POST /v1/token/refresh resource': fc.constantFrom(undefined, undefined, undefined, 'https://api.example.com'),
  'POST /v1/password/reset token': oneLive('resetToken'),
  'POST /v1/password/reset/check token': oneLive('resetToken'),
  'POST /v1/password/reset newPassword': oneLive('newPassword'),
  'POST /v1/email/verify token': oneLive('verifyToken'),
  'POST /v1/email/change/confirm token': oneLive('confirmToken'),
  'POST /v1/email/change/revert token': oneLive('revertToken'),
  // The other links and sessions of this person are still needed.
  'PATCH /v1/admin/users/{id} id': oneLive('otherAccountId', 'otherAccountId', 'nobodysId'),
  'DELETE /v1/admin/users/{id} id': oneLive('otherAccountId', 'otherAccountId', 'nobodysId'),
  'DELETE /v1/admin/users/{id}/sessions id': oneLive('otherAccountId', 'otherAccountId', 'nobodysId'),
  'DELETE /v1/admin/addresses/{email}/lock email': oneLive('lockedEmail', 'lockedEmail', 'freshEmail'),
  'DELETE /v1/sessions/{id} id': oneLive('sessionId', 'nobodysId'),
  'POST /v1/admin/users email': oneLive('freshEmail', 'freshEmail', 'email'),
  id: oneLive('accountId', 'sessionId', 'securityEventId', 'nobodysId'),
}

export function oneLive(...names: LiveName[]): Arbitrary<string> {
  return fc.constantFrom(...names.map(live))
}

/** Values of a field of a JSON body, sometimes of another type. */
export function jsonFor(field: string, route = ''): Arbitrary<unknown> {
  return fc.oneof(
    { arbitrary: sensible[`${route} ${field}`] ?? sensible[field] ?? anyJson, weight: 7 },
    { arbitrary: anyJson, weight: 1 },
  )
}

/** Values of a path, a query or a form, where everything is text. */
export function textFor(field: string, route = ''): Arbitrary<string> {
  return fc.oneof(
    { arbitrary: (sensible[`${route} ${field}`] ?? sensible[field] ?? anyText) as Arbitrary<string>, weight: 5 },
    { arbitrary: anyText, weight: 1 },
  )
}
