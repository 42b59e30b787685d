import type { OutgoingMail } from '../../src/mail/mailer.ts'

export const LINK = 'https://app.acme.example/reset-password#token=qX3v8Kc1pTzW0sYbN5mLhRgDeUjFa2Io7VxE9tCyBnM'

/** A mail as the outbox hands it over. */
export function exampleMail(changes: Partial<OutgoingMail> = {}): OutgoingMail {
  return {
    id: '019ab1f2-6f3c-7c4e-8d21-3a5b7c9d0e1f',
    kind: 'reset_password',
    from: { name: 'Acme Support', address: 'support@acme.example' },
    to: 'ada@example.com',
    subject: 'Reset your password',
    text: `Open the link:\n${LINK}\n`,
    html: `<p><a href="${LINK}">Choose a new password</a></p>`,
    link: LINK,
    ...changes,
  }
}

/** Addresses that must not be read as something else: a second recipient, another header, a name or a route. */
export const HOSTILE_ADDRESSES = [
  'ada@example.com\r\nBcc: eve@evil.example',
  'ada@example.com\nBcc: eve@evil.example',
  'ada@example.com\0',
  'ada@example.com,eve@evil.example',
  'ada@example.com;eve@evil.example',
  'ada@example.com eve@evil.example',
  'Ada <ada@example.com>',
  '"ada@example.com,eve"@evil.example',
  '<ada@example.com>',
  'ada@example.com>\r\nRCPT TO:<eve@evil.example',
  'ada@example.com (eve@evil.example)',
  'eve: ada@example.com',
  'ada@[127.0.0.1]',
  'adá@example.com',
  'ada@exämple.com',
  'ada@example.com\u2028eve@evil.example',
  ' ada@example.com',
  `${'a'.repeat(64)}@${'long.'.repeat(48)}example`,
  'ada',
  '@example.com',
  '',
]
