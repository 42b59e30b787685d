import { type ConsoleSettings, createConsoleMailer } from './console.ts'
import type { Mailbox, Mailer } from './outgoing-mail.ts'
import type { SendgridSettings } from './sendgrid.ts'
import type { SmtpSettings } from './smtp.ts'

export {
  type Mailbox,
  type Mailer,
  type OutgoingMail,
  PermanentMailError,
  TemporaryMailError,
  withoutAddresses,
} from './outgoing-mail.ts'

export type MailConfig = { from: Mailbox; supportContact: string } & (
  | ({ transport: 'sendgrid' } & Pick<SendgridSettings, 'apiKey' | 'baseUrl'>)
  | ({ transport: 'smtp' } & Pick<SmtpSettings, 'url'>)
  | ({ transport: 'console' } & ConsoleSettings)
)

/** The part of the log that mail needs. */
export interface MailLog {
  warn(details: object, message: string): void
}

/** Creates the transport that the configuration names. The libraries of the other transports are not loaded. */
export async function createMailer(config: MailConfig, log: MailLog): Promise<Mailer> {
  switch (config.transport) {
    case 'sendgrid':
      return (await import('./sendgrid.ts')).createSendgridMailer(config)
    case 'smtp':
      return (await import('./smtp.ts')).createSmtpMailer(config)
    case 'console':
      log.warn({ directory: config.directory }, 'mail is printed on the console and stored in files; it is not sent')
      return createConsoleMailer(config)
  }
}
