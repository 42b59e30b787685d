import { expect, test } from '@jest/globals'
import { query } from '../support/embedded-server.ts'
import { startTestApp } from '../support/test-app.ts'

// PostgreSQL quotes the values of a row in its messages and details. A log must not repeat an address.
const EMAIL = 'ada.lovelace@example.com'

test('the failure of a request is logged without the values that the database quotes', async () => {
  const { api, databaseUrl, logLines } = await startTestApp()
  await query(databaseUrl, 'ALTER TABLE mails ALTER COLUMN address TYPE integer USING 0')

  const answer = await api.post('/v1/password/forgot', { email: EMAIL })

  expect(answer.status).toBe(500)
  const failure = logLines.find((line) => line.includes('"request failed"'))
  expect(failure).toContain('"22P02"')
  expect(logLines.join('')).not.toContain(EMAIL)
})

test('the failure of a mail is logged without the row that the database quotes', async () => {
  const { api, databaseUrl, logLines, mailbox, people } = await startTestApp()
  const ada = await people.verified({ email: EMAIL })
  await api.post('/v1/password/forgot', { email: ada.email })
  await query(databaseUrl, "ALTER TABLE mailed_tokens ADD CONSTRAINT refused CHECK (purpose = 'none') NOT VALID")
  logLines.length = 0

  await mailbox.drain()

  const failure = logLines.find((line) => line.includes('"mail postponed"'))
  expect(failure).toContain('"23514"')
  expect(logLines.join('')).not.toContain(EMAIL)
  expect(logLines.join('')).not.toContain('Failing row')
})
