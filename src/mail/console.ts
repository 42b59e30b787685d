import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assertDispatchable, type Mailer, type OutgoingMail } from './outgoing-mail.ts'

export interface ConsoleSettings {
  /** The folder in which each mail is stored as a file. */
  directory: string
}

const RULE = '─'.repeat(78)

/** For development and tests: prints each mail with its link and stores it as JSON. No mail leaves the machine. */
export function createConsoleMailer(settings: ConsoleSettings, now = () => new Date()): Mailer {
  return {
    async send(mail) {
      assertDispatchable(mail)
      const path = await keep(mail, settings.directory, now())
      process.stdout.write(readableBlock(mail, path))
      return { providerMessageId: null }
    },
    async liftSuppression() {},
    async close() {},
  }
}

/**
 * Writes under a temporary name first, so that readers of `*.json` never see an incomplete file. The link in it is a
 * credential.
 */
async function keep(mail: OutgoingMail, directory: string, at: Date): Promise<string> {
  const { id, kind, from, to, subject, text, html, link } = mail
  const record = { id, at: at.toISOString(), kind, from, to, subject, text, html, link }
  const path = join(directory, `${at.toISOString().replaceAll(':', '-')}-${kind}-${id}.json`)

  await mkdir(directory, { recursive: true, mode: 0o700 })
  await writeFile(`${path}.partial`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 })
  await rename(`${path}.partial`, path)
  return path
}

function readableBlock(mail: OutgoingMail, path: string): string {
  const head = [
    `From:    ${mail.from.name} <${mail.from.address}>`,
    `To:      ${mail.to}`,
    `Subject: ${mail.subject}`,
    `Kept as: ${path}`,
  ]
  return ['', RULE, ...head, '', mail.text.trimEnd(), RULE, ''].join('\n')
}
