import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openDevice } from './support/example.js'
import { fill, heading, press, signIn, text } from './support/pages.js'
import { call, mailedLink, NEW_PASSWORD, newAddress, newPerson, PASSWORD } from './support/people.js'

/** @typedef {import('playwright-core').Page} Page */

const screenshots = fileURLToPath(new URL('../data/screenshots/', import.meta.url))
await mkdir(screenshots, { recursive: true })
const axe = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'))

/** A colour depends on the scheme alone and a place on the width alone, so two looks show all four of them. */
const LOOKS = [
  { name: 'light-1280', colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  { name: 'dark-360', colorScheme: 'dark', viewport: { width: 360, height: 740 } },
]
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** @type {string[]} */
const summary = []
after(() =>
  writeFile(
    `${screenshots}accessibility.md`,
    `| page | rules passed | violations | to check by hand |\n|---|---|---|---|\n${summary.join('\n')}\n`,
  ),
)

/** @param {import('node:test').TestContext} t */
async function openPage(t) {
  const device = await openDevice(t)
  await device.addInitScript({ path: axe }) // the Content-Security-Policy does not let a script be added to a page
  return device.newPage()
}

/**
 * Checks a page as it is now, light and dark, wide and narrow, and keeps a screenshot of each.
 *
 * @param {Page} page
 * @param {string} name
 */
async function inspect(page, name) {
  const counts = { passes: 0, incomplete: 0 }
  for (const { name: look, colorScheme, viewport } of LOOKS) {
    await page.emulateMedia({ colorScheme: colorScheme === 'dark' ? 'dark' : 'light' })
    await page.setViewportSize(viewport)
    await page.screenshot({ path: `${screenshots}${name}-${look}.png`, fullPage: true })
    const { overflow, violations, passes, incomplete } = await page.evaluate(async (tags) => {
      // @ts-expect-error: axe was added by the init script
      const result = await window.axe.run({ runOnly: tags, iframes: false })
      return {
        overflow: document.documentElement.scrollWidth - window.innerWidth,
        violations: result.violations.map(
          (/** @type {any} */ rule) =>
            `${rule.id}: ${rule.nodes.map((/** @type {any} */ node) => node.html).join(' ')}`,
        ),
        passes: result.passes.length,
        incomplete: result.incomplete.length,
      }
    }, RULES)
    assert.deepEqual(
      { name, look, violations, overflow: Math.max(0, overflow) },
      { name, look, violations: [], overflow: 0 },
    )
    counts.passes = Math.max(counts.passes, passes)
    counts.incomplete = Math.max(counts.incomplete, incomplete)
  }
  summary.push(`| ${name} | ${counts.passes} | 0 | ${counts.incomplete} |`)
}

test('the pages before the sign-in are accessible, empty and with mistakes', async (t) => {
  const page = await openPage(t)

  await page.goto('/sign-in')
  await heading(page, 'Sign in')
  await inspect(page, 'sign-in')
  await press(page, 'Sign in')
  await inspect(page, 'sign-in-with-mistakes')
  await page.goto('/sign-up')
  await text(page, 'upper-case')
  await page.getByLabel('Password', { exact: true }).fill('correct horse')
  await page.getByText(/of 5 rules met/).waitFor({ state: 'attached' })
  await inspect(page, 'sign-up')
  await fill(page, { 'Email address': newAddress(), Password: PASSWORD })
  await press(page, 'Create account')
  await heading(page, 'Check your inbox')
  await page.getByText('No mail after a few minutes?').click()
  await inspect(page, 'sign-up-mail-sent')
  await page.goto('/forgot-password')
  await heading(page, 'Forgot your password?')
  await inspect(page, 'forgot-password')
  await page.goto('/nowhere')
  await heading(page, 'Page not found')
  await inspect(page, 'not-found')
})

test('the pages of mailed links are accessible, before and after the click', async (t) => {
  const page = await openPage(t)
  const email = newAddress()
  const newEmail = newAddress('ada.new')
  await call('/v1/register', { email, password: PASSWORD })

  await page.goto(await mailedLink(email, 'verify_email'))
  await page.getByRole('button', { name: 'Verify this address' }).waitFor()
  await inspect(page, 'verify-email')
  await press(page, 'Verify this address')
  await heading(page, 'Your email address is verified')
  await inspect(page, 'verify-email-done')
  await page.reload()
  await heading(page, 'This link has been used')
  await inspect(page, 'verify-email-used')
  await page.goto('/confirm-email')
  await heading(page, 'This link is incomplete')
  await inspect(page, 'link-incomplete')

  await signIn(page, email, { path: '/settings/email' })
  await fill(page, { 'Current password': PASSWORD })
  await press(page, 'Next')
  await fill(page, { 'New email address': newEmail })
  await press(page, 'Save')
  await heading(page, 'Account')
  await page.goto(await mailedLink(email, 'email_change_requested'))
  await page.getByRole('button', { name: 'Cancel the change' }).waitFor()
  await inspect(page, 'revert-email-cancel')
  await page.goto(await mailedLink(newEmail, 'confirm_email'))
  await page.getByRole('button', { name: 'Use this address' }).waitFor()
  await inspect(page, 'confirm-email')
  await press(page, 'Use this address')
  await heading(page, 'Your email address is changed')
  await inspect(page, 'confirm-email-done')
  await page.goto(await mailedLink(email, 'email_changed'))
  await page.getByRole('button', { name: 'Restore my address' }).waitFor()
  await inspect(page, 'revert-email-restore')
  await press(page, 'Restore my address')
  await heading(page, 'Your email address is restored')
  await inspect(page, 'revert-email-done')
  await page.goto(await mailedLink(email, 'reset_after_revert'))
  await page.getByRole('button', { name: 'Save new password' }).waitFor()
  await inspect(page, 'reset-password')
  await fill(page, { 'New password': NEW_PASSWORD })
  await press(page, 'Save new password')
  await heading(page, 'Your password is changed')
  await inspect(page, 'reset-password-done')
})

test('the settings are accessible, and so is the inbox', async (t) => {
  const page = await openPage(t)
  const email = await newPerson()
  for (let device = 0; device < 2; device += 1) await call('/v1/login', { email, password: PASSWORD })
  await signIn(page, email)

  await text(page, 'Sign out all other devices')
  await inspect(page, 'account')
  await page.getByRole('link', { name: 'Change password' }).click()
  await fill(page, { 'Current password': 'Wrong-Horse-7', 'New password': 'Battery' })
  await press(page, 'Save')
  await page.getByRole('alert').waitFor()
  await inspect(page, 'password-with-mistakes')
  await page.goto('/settings/email')
  await heading(page, 'Change your email address')
  await inspect(page, 'email-step-1')
  await fill(page, { 'Current password': PASSWORD })
  await press(page, 'Next')
  await heading(page, 'Enter your new email address')
  await inspect(page, 'email-step-2')
  await fill(page, { 'New email address': newAddress('ada.new') })
  await press(page, 'Save')
  await text(page, 'Waiting for you to confirm')
  await inspect(page, 'account-pending')

  await page.goto('/mail')
  await page.getByRole('button', { name: email }).first().waitFor()
  await inspect(page, 'inbox')
  await page.getByRole('button', { name: email }).first().click()
  await page.frameLocator('iframe').getByRole('heading').first().waitFor()
  await inspect(page, 'inbox-mail')
  await press(page, 'Plain text')
  await inspect(page, 'inbox-plain-text')
})
