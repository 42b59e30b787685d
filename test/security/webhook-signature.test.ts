import { describe, expect, test } from '@jest/globals'
import { readConfig } from '../../src/config/config.ts'
import { Secret } from '../../src/security/secret.ts'
import { isSignedBySendgrid, readSendgridKey } from '../../src/security/sendgrid-signature.ts'
import { isWebhookSecret, webhookHeaders } from '../../src/security/webhook-signature.ts'

describe('the signature of outgoing events', () => {
  test('is the one of the Standard Webhooks specification’s example', () => {
    const secret = new Secret<'security-events'>('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
    const now = new Date(1_614_265_330_999)

    const headers = webhookHeaders(secret, { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}', now })

    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })

  test.each([
    [`whsec_${Buffer.alloc(24).toString('base64')}`, true],
    [`whsec_${Buffer.alloc(64).toString('base64')}`, true],
    [`whsec_${Buffer.alloc(23).toString('base64')}`, false],
    [`whsec_${Buffer.alloc(65).toString('base64')}`, false],
    [Buffer.alloc(32).toString('base64'), false],
    [`whsec_${Buffer.alloc(24).toString('base64')}!`, false],
    [`my whsec_${Buffer.alloc(24).toString('base64')}`, false],
    ['whsec_not base64 at all, but long enough', false],
    ['', false],
  ])('the secret %j is one: %j', (text, isSecret) => {
    expect(isWebhookSecret(text)).toBe(isSecret)
  })
})

describe('the settings', () => {
  const SECURITY_EVENT_SECRET = `whsec_${Buffer.alloc(32).toString('base64')}`
  const production = {
    NODE_ENV: 'production',
    DATABASE_URL: 'postgresql://db/latchkey',
    SECRET_KEY: Buffer.from('0123456789abcdefghijklmnopqrstuv').toString('base64'),
    PUBLIC_URL: 'https://accounts.acme.example',
    PRODUCT_NAME: 'Acme',
    SUPPORT_CONTACT: 'help@acme.example',
    MAIL_TRANSPORT: 'smtp',
    SMTP_URL: 'smtp://mail',
    MAIL_FROM: 'Acme <support@acme.example>',
    LINK_VERIFY_EMAIL: 'https://a/#{token}',
    LINK_RESET_PASSWORD: 'https://a/#{token}',
    LINK_CONFIRM_EMAIL: 'https://a/#{token}',
    LINK_REVERT_EMAIL: 'https://a/#{token}',
  }

  test('nobody is told and nobody believed where nothing is set', () => {
    const config = readConfig({})

    expect(config.securityEvents).toEqual({ urls: [], secret: undefined })
    expect(config.sendgridWebhookKey).toBeUndefined()
  })

  test('several URLs may be told, each once', () => {
    const SECURITY_EVENT_URLS =
      'https://siem.acme.example/hook, https://shop.acme.example/,https://siem.acme.example/hook'

    const { urls } = readConfig({ ...production, SECURITY_EVENT_URLS, SECURITY_EVENT_SECRET }).securityEvents

    expect(urls).toEqual(['https://siem.acme.example/hook', 'https://shop.acme.example/'])
  })

  test.each([
    [{ SECURITY_EVENT_URLS: 'http://siem.acme.example', SECURITY_EVENT_SECRET }, 'SECURITY_EVENT_URLS'],
    [{ SECURITY_EVENT_URLS: 'https://user:word@siem.acme.example', SECURITY_EVENT_SECRET }, 'SECURITY_EVENT_URLS'],
    [{ SECURITY_EVENT_URLS: 'https://siem.acme.example/?key=1', SECURITY_EVENT_SECRET }, 'SECURITY_EVENT_URLS'],
    [{ SECURITY_EVENT_URLS: 'file:///etc/passwd', SECURITY_EVENT_SECRET }, 'SECURITY_EVENT_URLS'],
    [
      { SECURITY_EVENT_URLS: 'https://siem.acme.example' },
      'SECURITY_EVENT_URLS: SECURITY_EVENT_SECRET must be set too.',
    ],
    [{ SECURITY_EVENT_SECRET: 'hunter2' }, 'SECURITY_EVENT_SECRET: '],
    [{ SENDGRID_WEBHOOK_PUBLIC_KEY: 'MFkwEwYHKoZIzj0CAQ' }, 'SENDGRID_WEBHOOK_PUBLIC_KEY: '],
  ])('%j stops the start with one line that names it and shows no secret', (changes, problem) => {
    const start = () => readConfig({ ...production, ...changes })

    expect(start).toThrow(problem)
    expect(start).not.toThrow(/\n|hunter2|word@/)
  })
})

describe('SendGrid’s signature', () => {
  /** A key pair and a signature made by another library (OpenSSL). */
  const KEY =
    'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=='
  const SIGNED = {
    timestamp: '1600112502',
    signature: 'MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=',
    body: Buffer.from(
      '[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n',
    ),
  }

  test('verifies SendGrid’s own published example', () => {
    const key = readSendgridKey(KEY)

    expect(key && isSignedBySendgrid(key, SIGNED)).toBe(true)
    expect(key && isSignedBySendgrid(key, { ...SIGNED, timestamp: '1600112503' })).toBe(false)
    expect(key && isSignedBySendgrid(key, { ...SIGNED, body: Buffer.from('[]') })).toBe(false)
  })

  test.each([
    '',
    'not a key',
    KEY.slice(0, -4),
    `${KEY} `,
    `!${KEY}`,
    'MIIBCgKCAQEA',
    // Ed25519: a public key, but not of the kind that SendGrid has.
    'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=',
  ])('the key %j is none', (text) => {
    expect(readSendgridKey(text)).toBeNull()
  })
})
