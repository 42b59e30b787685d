import assert from 'node:assert/strict'
import { test } from 'node:test'
import { example, openDevice } from './support/example.js'
import { fill, heading, press, signIn, text } from './support/pages.js'
import { mailedLink, NEW_PASSWORD, newAddress, newPerson, PASSWORD } from './support/people.js'

test('a password change has a live checklist and signs out the other device, which is told', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const other = await (await openDevice(t)).newPage()
  const email = await newPerson()
  await signIn(page, email)
  await signIn(other, email)

  await page.getByRole('link', { name: 'Change password' }).click()
  await fill(page, { 'Current password': PASSWORD })
  await page.getByLabel('New password', { exact: true }).pressSequentially('Battery')
  await page.getByText('3 of 6 rules met.').waitFor()
  await page.getByLabel('New password', { exact: true }).pressSequentially('-Staple-8')
  await page.getByText('The password meets every rule.').waitFor()
  await fill(page, { 'New password': PASSWORD })
  await press(page, 'Save')
  await page.getByRole('alert').getByText('Different from your current password.').waitFor()
  await fill(page, { 'Current password': PASSWORD, 'New password': NEW_PASSWORD })
  await press(page, 'Save')
  await text(page, 'Your password is changed.')
  await other.reload()

  await text(other, 'You have been signed out')
  await signIn(other, email, { password: NEW_PASSWORD })
})

test('a forgotten password is reset by the link in the mail, after a refused one', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const email = await newPerson()

  await page.goto('/sign-in')
  await page.getByRole('link', { name: 'Forgot your password?' }).click()
  await fill(page, { 'Email address': email })
  await press(page, 'Send the link')
  await heading(page, 'Check your inbox')
  await page.goto(await mailedLink(email, 'reset_password'))
  await fill(page, { 'New password': 'battery' })
  await press(page, 'Save new password')
  await page.getByRole('alert').getByText('At least 8 characters.').waitFor()
  await fill(page, { 'New password': NEW_PASSWORD })
  await press(page, 'Save new password')
  await heading(page, 'Your password is changed')

  await signIn(page, email, { password: NEW_PASSWORD })
})

test('the pages say the same about an address with an account and one without', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const known = await newPerson()
  const sayAbout = async (/** @type {string} */ email) => {
    await page.goto('/forgot-password')
    await fill(page, { 'Email address': email })
    await press(page, 'Send the link')
    await heading(page, 'Check your inbox')
    const said = await page.getByRole('main').textContent()
    return said?.replace(email, 'ADDRESS').replace(/[0-9A-Z]{4}(-[0-9A-Z]{4}){2}/, 'RECEIPT')
  }

  assert.equal(await sayAbout(newAddress('nobody')), await sayAbout(known))
})

test('the address for changing the password leads there, by way of the sign-in', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const email = await newPerson()

  await page.goto('/.well-known/change-password')
  await fill(page, { 'Email address': email, Password: PASSWORD })
  await press(page, 'Sign in')

  await heading(page, 'Change your password')
  const missing = await fetch(
    `${example.url}/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200`,
  )
  assert.equal(missing.status, 404)
})
