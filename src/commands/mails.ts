import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command } from 'commander'
import { readConfig } from '../config/config.ts'
import { previewMails } from '../mail/preview/preview-mails.ts'
import { writePreviewPage } from '../mail/preview/preview-page.ts'
import { print } from './command-line.ts'

export function mailsCommand(): Command {
  const preview = new Command('preview')
    .description(
      'Write a page that shows every mail in every language, in two widths, light and dark, and as plain text. It uses the ' +
        'texts, logo, colour and legal line of the settings. No mail is sent.',
    )
    .option('--out <file>', 'where to write the page (default: mail-preview.html in DATA_DIR)')
    .option('--json', 'print the result as JSON', false)
    .action(async (options: { out?: string; json: boolean }) => {
      const config = readConfig(process.env)
      const mails = previewMails(config)
      const path = resolve(options.out ?? join(config.dataDir, 'mail-preview.html'))
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, writePreviewPage(mails, config.mail.from))
      print(options.json, { path, mails: mails.length }, `${mails.length} mails: ${pathToFileURL(path).href}`)
    })
  return new Command('mails').description('Look at the mails that the service sends.').addCommand(preview)
}
