import { PASSWORD } from './people.js'

/** @typedef {import('playwright-core').Page} Page */

/** Waits until a page or a step with this heading is there. @param {Page} page @param {string | RegExp} name */
export function heading(page, name) {
  return page.getByRole('heading', { level: 1, name }).waitFor()
}

/** Waits until a text is visible. @param {Page} page @param {string | RegExp} text */
export function text(page, text) {
  return page.getByText(text).first().waitFor()
}

/** @param {Page} page @param {string} name */
export function press(page, name) {
  return page.getByRole('button', { name, exact: true }).click()
}

/** Fills the fields with these labels. @param {Page} page @param {Record<string, string>} values */
export async function fill(page, values) {
  for (const [label, value] of Object.entries(values)) await page.getByLabel(label, { exact: true }).fill(value)
}

/** Opens a page that needs a session, and signs in on the way. @param {Page} page @param {string} email */
export async function signIn(page, email, { password = PASSWORD, path = '/settings/account' } = {}) {
  await page.goto(path)
  await fill(page, { 'Email address': email, Password: password })
  await press(page, 'Sign in')
  await page.waitForURL((url) => url.pathname === path)
}
