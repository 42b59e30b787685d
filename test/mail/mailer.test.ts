import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, jest, test } from '@jest/globals'
import { createMailer } from '../../src/mail/mailer.ts'
import { Secret } from '../../src/security/secret.ts'
import { startSendgridStandIn } from '../support/sendgrid-stand-in.ts'
import { exampleMail } from './example-mail.ts'

const common = { from: exampleMail().from, supportContact: 'help@acme.example' }
const silentLog = { warn: () => {} }

test('MAIL_TRANSPORT=sendgrid sends through SendGrid', async () => {
  const sendgrid = await startSendgridStandIn()
  const mailer = await createMailer(
    { ...common, transport: 'sendgrid', apiKey: new Secret('SG.any.key'), baseUrl: sendgrid.url },
    silentLog,
  )

  await mailer.send(exampleMail())

  expect(sendgrid.mails).toHaveLength(1)
  await mailer.close()
  await sendgrid.close()
})

test('MAIL_TRANSPORT=smtp sends through the SMTP server', async () => {
  const mailer = await createMailer({ ...common, transport: 'smtp', url: new Secret('smtp://127.0.0.1:1') }, silentLog)

  await expect(mailer.send(exampleMail())).rejects.toThrow('The SMTP server could not be reached (ECONNREFUSED)')

  await mailer.close()
})

test('the console transport logs at the start that it sends nothing', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'latchkey-mail-'))
  const printing = jest.spyOn(process.stdout, 'write').mockReturnValue(true)
  const warnings: string[] = []
  const log = { warn: (_details: object, message: string) => warnings.push(message) }

  const mailer = await createMailer({ ...common, transport: 'console', directory }, log)
  await mailer.send(exampleMail())
  printing.mockRestore()

  expect(warnings).toEqual([expect.stringContaining('it is not sent')])
  expect(await readdir(directory)).toHaveLength(1)
  await rm(directory, { recursive: true })
})
