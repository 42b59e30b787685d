import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDevice } from './support/example.js'
import { fill, heading, press, signIn, text } from './support/pages.js'
import {
  call,
  mailedLink,
  NEW_PASSWORD,
  newAddress,
  newPerson,
  PASSWORD,
  requestEmailChange,
  tokenIn,
} from './support/people.js'

/** @param {string} email */
async function resetLink(email) {
  await call('/v1/password/forgot', { email })
  return mailedLink(email, 'reset_password')
}

test('a reset link works for the person who is signed in, and signs them out', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const email = await newPerson()
  await signIn(page, email)

  await page.goto(await resetLink(email))
  await heading(page, 'Choose a new password')
  assert.equal(await page.getByText('You are signed in as').count(), 0)
  await fill(page, { 'New password': NEW_PASSWORD })
  await press(page, 'Save new password')
  await heading(page, 'Your password is changed')
  await page.getByRole('link', { name: 'Sign in' }).click()

  await heading(page, 'Sign in')
  await signIn(page, email, { password: NEW_PASSWORD })
})

test('a reset link works while somebody else is signed in, who is told and stays signed in', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const bob = await newPerson('bob')
  const ada = await newPerson('ada')
  await signIn(page, bob)

  await page.goto(await resetLink(ada))
  await text(page, 'This link is for another account.')
  await fill(page, { 'New password': NEW_PASSWORD })
  await press(page, 'Save new password')
  await heading(page, 'Your password is changed')
  await page.getByRole('link', { name: 'Go to your account' }).click()

  await heading(page, 'Account')
  await page.locator('.setting .address').getByText(bob).waitFor()
  await call('/v1/login', { email: ada, password: NEW_PASSWORD })
})

test('a link that is open in two tabs works in one of them, and the other one says what to do', async (t) => {
  const device = await openDevice(t)
  const email = await newPerson()
  const link = await resetLink(email)
  const [first, second] = [await device.newPage(), await device.newPage()]
  for (const page of [first, second]) {
    await page.goto(link)
    await fill(page, { 'New password': NEW_PASSWORD })
  }

  await press(first, 'Save new password')
  await heading(first, 'Your password is changed')
  await press(second, 'Save new password')

  await heading(second, 'This link has been used')
  await second.getByRole('link', { name: 'Request a new link' }).waitFor()
  await second.getByRole('link', { name: 'Sign in' }).waitFor()
})

test('a link that is opened again after it was used says so', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const email = newAddress()
  await call('/v1/register', { email, password: PASSWORD })
  const link = await mailedLink(email, 'verify_email')
  await call('/v1/email/verify', { token: tokenIn(link) })

  await page.goto(link)

  await heading(page, 'This link has been used')
  await text(page, 'your email address is verified')
})

test('the token leaves the address bar, and the page survives a reload and the way back', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const email = await newPerson()

  await page.goto(await resetLink(email))
  await heading(page, 'Choose a new password')
  assert.equal(new URL(page.url()).hash, '')
  await page.reload()
  await heading(page, 'Choose a new password')
  await page.getByRole('link', { name: 'Juniper' }).click()
  await heading(page, 'Sign in')
  await page.goBack()

  await heading(page, 'Choose a new password')
  await fill(page, { 'New password': NEW_PASSWORD })
  await press(page, 'Save new password')
  await heading(page, 'Your password is changed')
})

test('a second link that is pasted into the same tab replaces the first one', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const ada = await newPerson('ada')
  const bob = await newPerson('bob')
  const [first, second] = [await resetLink(ada), await resetLink(bob)]
  await page.goto(first)
  await text(page, 'a•••@example.com')
  await fill(page, { 'New password': 'typed for ada' })

  await page.goto(second) // only the fragment differs, so the page is not loaded again

  await text(page, 'b•••@example.com')
  assert.equal(await page.getByLabel('New password', { exact: true }).inputValue(), '')
})

test('a link without its token asks for the whole link', async (t) => {
  const page = await (await openDevice(t)).newPage()

  for (const path of ['/reset-password', '/verify-email', '/confirm-email', '/revert-email#token=']) {
    await page.goto(path)
    await heading(page, 'This link is incomplete')
  }
})

test('a confirm link works on a device where nobody is signed in', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const email = await newPerson()
  const newEmail = newAddress('ada.new')
  await requestEmailChange(email, newEmail)

  await page.goto(await mailedLink(newEmail, 'confirm_email'))
  await press(page, 'Use this address')
  await heading(page, 'Your email address is changed')
  await page.getByRole('link', { name: 'Sign in' }).click()

  await signIn(page, newEmail)
})

test('a link that a newer change has replaced does not work, and says why', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const email = await newPerson()
  const first = newAddress('first')
  await requestEmailChange(email, first)
  const link = await mailedLink(first, 'confirm_email')
  await requestEmailChange(email, newAddress('second'))

  await page.goto(link)

  await heading(page, 'This link does not work')
  await page.getByRole('link', { name: 'Go to your account' }).waitFor()
})

test('opening a link without pressing its button changes nothing', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const email = newAddress()
  await call('/v1/register', { email, password: PASSWORD })

  await page.goto(await mailedLink(email, 'verify_email'))
  await page.getByRole('button', { name: 'Verify this address' }).waitFor()

  await assert.rejects(call('/v1/login', { email, password: PASSWORD }), /email_not_verified/)
})
