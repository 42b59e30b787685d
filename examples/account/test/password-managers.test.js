import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDevice } from './support/example.js'
import { fill, heading, press, signIn } from './support/pages.js'
import { call, mailedLink, newAddress, newPerson, PASSWORD } from './support/people.js'

/** @typedef {import('playwright-core').Page} Page */

/** What a password manager sees: the fields that it may fill, by their autocomplete token. @param {Page} page */
async function fieldsForPasswordManagers(page) {
  await page.locator('input').first().waitFor({ state: 'attached' })
  return page.locator('input').evaluateAll((inputs) => inputs.map((input) => input.getAttribute('autocomplete')))
}

/**
 * Fills a field as password managers do: by script, without a keyboard.
 *
 * @param {Page} page
 * @param {string} autocomplete
 * @param {string} value
 * @param {boolean} hasEvents some managers send no events
 */
function fillByScript(page, autocomplete, value, hasEvents) {
  return page.locator(`input[autocomplete="${autocomplete}"]`).evaluate(
    (element, filling) => {
      const input = /** @type {HTMLInputElement} */ (element)
      input.value = filling.value
      if (!filling.hasEvents) return
      input.dispatchEvent(new Event('input', { bubbles: true }))
      input.dispatchEvent(new Event('change', { bubbles: true }))
    },
    { value, hasEvents },
  )
}

test('every form tells password managers what its fields are', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const email = await newPerson()
  await call('/v1/password/forgot', { email })
  /** @type {Record<string, Array<string | null>>} */
  const found = {}

  for (const path of ['/sign-in', '/sign-up', '/forgot-password', await mailedLink(email, 'reset_password')]) {
    await page.goto(path)
    found[path.startsWith('/') ? path : '/reset-password'] = await fieldsForPasswordManagers(page)
  }
  await signIn(page, email, { path: '/settings/password' })
  await page.waitForFunction((value) => document.querySelector('input')?.value === value, email)
  found['/settings/password'] = await fieldsForPasswordManagers(page)
  await page.goto('/settings/email')
  found['/settings/email'] = await fieldsForPasswordManagers(page)
  await fill(page, { 'Current password': PASSWORD })
  await press(page, 'Next')
  await heading(page, 'Enter your new email address')
  found['/settings/email/new'] = await fieldsForPasswordManagers(page)

  assert.deepEqual(found, {
    '/sign-in': ['username', 'current-password'],
    '/sign-up': ['username', 'new-password'],
    '/forgot-password': ['username'],
    '/reset-password': ['new-password'],
    '/settings/password': ['username', 'current-password', 'new-password'],
    '/settings/email': ['username', 'current-password'],
    '/settings/email/new': ['email'],
  })
})

for (const hasEvents of [true, false]) {
  test(`a password manager that sends ${hasEvents ? 'its' : 'no'} events signs a person in`, async (t) => {
    const page = await (await openDevice(t)).newPage()
    const email = await newPerson()
    await page.goto('/sign-in')
    await heading(page, 'Sign in')

    await fillByScript(page, 'username', email, hasEvents)
    await fillByScript(page, 'current-password', PASSWORD, hasEvents)
    await press(page, 'Sign in')

    await heading(page, 'Account')
  })
}

test('a password that a password manager generates is checked at once', async (t) => {
  const page = await (await openDevice(t)).newPage()
  await page.goto('/sign-up')
  await fillByScript(page, 'username', newAddress(), true)

  await fillByScript(page, 'new-password', 'x7!Kp-2qLm9', true)

  await page.getByText('The password meets every rule.').waitFor()
})
