import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { createConsoleMailer } from '../../src/mail/console.ts'
import { PermanentMailError } from '../../src/mail/mailer.ts'
import { exampleMail, HOSTILE_ADDRESSES, LINK } from './example-mail.ts'

let root: string
let directory: string
let printed: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'latchkey-mail-'))
  directory = join(root, 'data', 'mail')
  printed = ''
  jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    printed += String(chunk)
    return true
  })
})

afterEach(async () => {
  jest.restoreAllMocks()
  await rm(root, { recursive: true })
})

test('a mail is printed with its link', async () => {
  await createConsoleMailer({ directory }).send(exampleMail())

  expect(printed).toContain('From:    Acme Support <support@acme.example>\n')
  expect(printed).toContain('To:      ada@example.com\n')
  expect(printed).toContain('Subject: Reset your password\n')
  expect(printed.split('\n')).toContain(LINK)
  expect(printed).not.toContain('<p>')
})

test('a mail is kept in a file named after its time, kind and id', async () => {
  const now = new Date('2026-11-23T17:40:05.123Z')

  const { providerMessageId } = await createConsoleMailer({ directory }, () => now).send(exampleMail())

  const { id, kind, from, to, subject, text, html } = exampleMail()
  const name = `2026-11-23T17-40-05.123Z-${kind}-${id}.json`
  expect(await readdir(directory)).toEqual([name])
  const kept = await readFile(join(directory, name), 'utf8')
  expect(JSON.parse(kept)).toEqual({ id, at: now.toISOString(), kind, from, to, subject, text, html, link: LINK })
  expect(kept).toContain('\n  "subject"')
  expect(printed).toContain(join(directory, name))
  expect(providerMessageId).toBeNull()
})

test('only the owner of the process can read the kept links', async () => {
  await createConsoleMailer({ directory }).send(exampleMail())

  const [name = ''] = await readdir(directory)
  expect((await stat(directory)).mode & 0o777).toBe(0o700)
  expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600)
})

test('a reader that opens each file as it appears never finds half a mail', async () => {
  const mailer = createConsoleMailer({ directory })
  await mailer.send(exampleMail())
  const html = 'x'.repeat(2_000_000)
  let isSending = true
  let seen = 0

  const reading = (async () => {
    while (isSending) {
      for (const name of await readdir(directory)) {
        if (!name.endsWith('.json')) continue
        expect(JSON.parse(await readFile(join(directory, name), 'utf8'))).toHaveProperty('link', LINK)
        seen += 1
      }
    }
  })()
  for (let index = 0; index < 10; index += 1) await mailer.send(exampleMail({ html }))
  isSending = false
  await reading

  expect(seen).toBeGreaterThan(1)
  expect((await readdir(directory)).filter((name) => !name.endsWith('.json'))).toEqual([])
})

test.each(HOSTILE_ADDRESSES)('a mail to %j is neither printed nor kept', async (to) => {
  await expect(createConsoleMailer({ directory }).send(exampleMail({ to }))).rejects.toBeInstanceOf(PermanentMailError)

  expect(printed).toBe('')
  expect(await readdir(root)).toEqual([])
})

test('a mail that cannot be written to its file may be retried', async () => {
  const occupied = join(root, 'occupied')
  await writeFile(occupied, '')

  const error = await createConsoleMailer({ directory: join(occupied, 'mail') })
    .send(exampleMail())
    .catch((thrown: unknown) => thrown)

  expect(error).toMatchObject({ code: 'ENOTDIR' })
  expect(error).not.toBeInstanceOf(PermanentMailError)
  expect(printed).toBe('')
})
