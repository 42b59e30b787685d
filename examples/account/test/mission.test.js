import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDevice } from './support/example.js'
import { fill, heading, press, signIn, text } from './support/pages.js'
import { mailedLink, NEW_PASSWORD, newAddress, newPerson, PASSWORD } from './support/people.js'

test('a person signs up, opens the mail in the inbox, verifies the address and signs in', async (t) => {
  const device = await openDevice(t)
  const page = await device.newPage()
  const email = newAddress()

  await page.goto('/')
  await heading(page, 'Sign in')
  await page.getByRole('link', { name: 'Create an account' }).click()
  await fill(page, { 'Email address': email, Password: PASSWORD })
  await press(page, 'Create account')
  await heading(page, 'Check your inbox')
  await mailedLink(email, 'verify_email')
  const opensInbox = device.waitForEvent('page')
  await page.getByRole('link', { name: 'Mail inbox' }).click()
  const inbox = await opensInbox
  await inbox.getByRole('button', { name: email }).click()
  const opensLink = device.waitForEvent('page')
  await inbox.frameLocator('iframe').getByRole('link').first().click()
  const link = await opensLink
  await press(link, 'Verify this address')
  await heading(link, 'Your email address is verified')
  await link.getByRole('link', { name: 'Sign in' }).click()
  await fill(link, { 'Email address': email, Password: PASSWORD })
  await press(link, 'Sign in')

  await heading(link, 'Account')
  await text(link, email)
})

test('the email address is changed in two screens, and by the link in the mail to the new address', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const email = await newPerson()
  const newEmail = newAddress('ada.new')
  await signIn(page, email)

  await page.getByRole('link', { name: 'Change email address' }).click()
  await fill(page, { 'Current password': 'Wrong-Horse-7' })
  await press(page, 'Next')
  await page.getByRole('alert').getByText('Your current password is incorrect.').waitFor()
  await fill(page, { 'Current password': PASSWORD })
  await press(page, 'Next')
  await heading(page, 'Enter your new email address')
  await fill(page, { 'New email address': email })
  await press(page, 'Save')
  await page.getByRole('alert').getByText('This is already your email address.').waitFor()
  await fill(page, { 'New email address': newEmail })
  await press(page, 'Save')
  await heading(page, 'Account')
  await text(page, `Waiting for you to confirm ${newEmail}`)
  await page.goto(await mailedLink(newEmail, 'confirm_email'))
  await press(page, 'Use this address')
  await heading(page, 'Your email address is changed')
  await page.getByRole('link', { name: 'Go to your account' }).click()

  await heading(page, 'Account')
  await page.locator('.setting .address').getByText(newEmail).waitFor()
})

test('a pending email change is cancelled on the account page', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const email = await newPerson()
  await signIn(page, email, { path: '/settings/email' })
  await fill(page, { 'Current password': PASSWORD })
  await press(page, 'Next')
  await fill(page, { 'New email address': newAddress('ada.new') })
  await press(page, 'Save')

  await press(page, 'Cancel the change')

  await page.getByText('Waiting for you').waitFor({ state: 'detached' })
  assert.equal(await page.locator('.setting .address').textContent(), email)
})

test('the notice to the old address cancels a change, or undoes it and asks for a new password', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const email = await newPerson()
  const newEmail = newAddress('thief')
  await signIn(page, email, { path: '/settings/email' })
  await fill(page, { 'Current password': PASSWORD })
  await press(page, 'Next')
  await fill(page, { 'New email address': newEmail })
  await press(page, 'Save')
  await heading(page, 'Account')

  await page.goto(await mailedLink(email, 'email_change_requested'))
  await heading(page, 'Keep your email address')
  await page.goto(await mailedLink(newEmail, 'confirm_email'))
  await press(page, 'Use this address')
  await heading(page, 'Your email address is changed')
  await page.goto(await mailedLink(email, 'email_changed'))
  await heading(page, 'Restore your email address')
  await press(page, 'Restore my address')
  await heading(page, 'Your email address is restored')
  await page.goto(await mailedLink(email, 'reset_after_revert'))
  await fill(page, { 'New password': NEW_PASSWORD })
  await press(page, 'Save new password')
  await heading(page, 'Your password is changed')

  await signIn(page, email, { password: NEW_PASSWORD })
  await text(page, email)
})

test('the notice to the old address cancels a change that is not confirmed', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const email = await newPerson()
  await signIn(page, email, { path: '/settings/email' })
  await fill(page, { 'Current password': PASSWORD })
  await press(page, 'Next')
  await fill(page, { 'New email address': newAddress('thief') })
  await press(page, 'Save')
  await heading(page, 'Account')

  await page.goto(await mailedLink(email, 'email_change_requested'))
  await press(page, 'Cancel the change')

  await heading(page, 'The change is cancelled')
  await page.getByRole('link', { name: 'Sign in' }).waitFor() // the device that requested the change is signed out
})

test('devices are listed by name, and each can be signed out', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const phone = await (
    await openDevice(t, {
      userAgent:
        'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36',
    })
  ).newPage()
  const email = await newPerson()
  await signIn(page, email)
  await signIn(phone, email)
  await page.reload()

  await press(page, 'Sign out Chrome on Android')
  await text(page, 'Chrome on Android is signed out.')
  await text(page, 'This is the only device on which you are signed in.')
  await phone.reload()

  await heading(phone, 'Sign in')
  assert.equal(await page.evaluate(() => document.activeElement?.textContent?.trim()), 'Where you are signed in')
})

test('a sign-in before the address is verified offers a new mail', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const email = newAddress()
  await page.goto('/sign-up')
  await fill(page, { 'Email address': email, Password: PASSWORD })
  await press(page, 'Create account')
  await heading(page, 'Check your inbox')
  const first = await mailedLink(email, 'verify_email')

  await page.goto('/sign-in')
  await fill(page, { 'Email address': email, Password: PASSWORD })
  await press(page, 'Sign in')
  await press(page, 'Send a new mail')
  await text(page, `A new mail is on its way to ${email}.`)

  await page.goto(await mailedLink(email, 'verify_email', first))
  await press(page, 'Verify this address')
  await heading(page, 'Your email address is verified')
})
