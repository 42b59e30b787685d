/**
 * npm run test:mails: lays every mail out in Chromium at 360 and 800 pixels, with a long product name and long links, and fails
 * if one is wider than that. It is plain JavaScript that uses dist: build first.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const CHROMIUM = process.env.CHROMIUM ?? 'chromium'
const LONG_NAME = `Donaudampfschifffahrtsgesellschaft${'-Konto'.repeat(6)}`
const LONG_LINK = `https://app.example/${'a-rather-long-path/'.repeat(8)}#token={token}`

if (spawnSync(CHROMIUM, ['--version']).status !== 0) {
  process.stdout.write(
    `SKIPPED: the mails are not laid out, because there is no ${CHROMIUM} (apt-get install chromium)\n`,
  )
  process.exit(0)
}
const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-mails-'))
try {
  const page = path.join(folder, 'mails.html')
  const links = ['VERIFY_EMAIL', 'RESET_PASSWORD', 'CONFIRM_EMAIL', 'REVERT_EMAIL'].map((name) => [
    `LINK_${name}`,
    LONG_LINK,
  ])
  execFileSync(process.execPath, ['bin/latchkey.cjs', 'mails', 'preview', '--out', page], {
    env: { ...process.env, ...Object.fromEntries(links), PRODUCT_NAME: LONG_NAME, MAIL_LEGAL: LONG_NAME },
  })
  const shown = layOut(page, folder)
  const [, mails] = /<title>Mails \((\d+)\)/.exec(shown) ?? []
  const [, tooWide] = /<html[^>]* data-too-wide="(\d+)"/.exec(shown) ?? []
  process.stdout.write(`${mails} mails in four views: ${tooWide ?? 'an unknown number'} too wide\n`)
  if (Number(mails) === 0 || tooWide !== '0') process.exitCode = 1
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

/** The page as Chromium has it after its script has measured each mail. */
function layOut(page, folder) {
  const quiet = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
  const offline = ['--disable-component-update', '--disable-sync', `--user-data-dir=${path.join(folder, 'profile')}`]
  const args = ['--headless', '--no-sandbox', ...quiet, ...offline, '--virtual-time-budget=10000', '--dump-dom']
  const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 60_000, maxBuffer: 64 * 2 ** 20 }
  return execFileSync(CHROMIUM, [...args, pathToFileURL(page).href], options)
}
