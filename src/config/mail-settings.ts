import { join } from 'node:path'
import type { MailConfig } from '../mail/mailer.ts'
import { Secret } from '../security/secret.ts'
import { isLoopback } from './setting-forms.ts'
import type { SettingReader } from './setting-reader.ts'

/** Reads the settings of the mail transport, and refuses what would be unsafe in production. */
export function readMail(
  read: SettingReader,
  production: boolean,
  base: { dataDir: string; productName: string; supportContact: string },
): MailConfig {
  const transport = read.choice('MAIL_TRANSPORT', ['console', 'sendgrid', 'smtp'], production ? undefined : 'console')
  if (production && transport === 'console' && read.has('MAIL_TRANSPORT')) {
    read.refuse('MAIL_TRANSPORT', 'console writes mailed links to the log, which is refused in production.')
  }
  const from = read.mailbox(
    'MAIL_FROM',
    production ? undefined : `${base.productName} Support <support@product.example>`,
  )
  const common = { from, supportContact: base.supportContact }
  // Both are read whichever transport is in use, so that a mistake shows now and not on the day it is switched to.
  const baseUrl = read.has('SENDGRID_BASE_URL') ? read.url('SENDGRID_BASE_URL') : undefined
  const smtpUrl = transport === 'smtp' || read.has('SMTP_URL') ? read.smtpUrl('SMTP_URL') : undefined
  if (transport === 'sendgrid') return { ...common, transport, apiKey: read.secret('SENDGRID_API_KEY'), baseUrl }
  if (transport === 'smtp' && smtpUrl) return { ...common, transport, url: production ? requireTls(smtpUrl) : smtpUrl }
  return { ...common, transport: 'console', directory: join(base.dataDir, 'mail') }
}

/**
 * Without it, an attacker on the network can remove STARTTLS from the server's response and read the mail and the
 * password. `?requireTLS=false` switches it off.
 */
function requireTls(smtpUrl: Secret): Secret {
  const text = smtpUrl.reveal()
  if (!text.startsWith('smtp:') || isLoopback(text) || !URL.canParse(text)) return smtpUrl
  const url = new URL(text)
  if (!url.searchParams.has('requireTLS')) url.searchParams.set('requireTLS', 'true')
  return new Secret(url.href)
}
