import assert from 'node:assert/strict'
import { test } from 'node:test'
import { example, openDevice } from './support/example.js'
import { fill, heading, press, signIn, text } from './support/pages.js'
import { call, mailedLink, newAddress, newPerson, PASSWORD, tokenIn } from './support/people.js'

/**
 * Signs a person in, in two tabs of one device, and makes the access token of both stop working: a confirmed email change
 * does that. The tabs are then reloaded at the same moment.
 *
 * @param {import('playwright-core').BrowserContext} device
 */
async function refreshTwoTabsAtOnce(device) {
  const [first, second] = [await device.newPage(), await device.newPage()]
  const email = await newPerson()
  const newEmail = newAddress('ada.new')
  await signIn(first, email, { path: '/settings/email' })
  await fill(first, { 'Current password': PASSWORD })
  await press(first, 'Next')
  await fill(first, { 'New email address': newEmail })
  await press(first, 'Save')
  await text(first, `Waiting for you to confirm ${newEmail}`)
  await second.goto('/settings/account')
  await text(second, `Waiting for you to confirm ${newEmail}`)
  await call('/v1/email/change/confirm', { token: tokenIn(await mailedLink(newEmail, 'confirm_email')) })
  let refreshes = 0
  device.on('request', (request) => {
    if (request.url().endsWith('/v1/token/refresh') && request.method() === 'POST') refreshes += 1
  })

  await Promise.all([first.reload(), second.reload()])

  for (const page of [first, second]) await page.locator('.setting .address').getByText(newEmail).waitFor()
  await first.getByRole('link', { name: 'Change password' }).click()
  await heading(first, 'Change your password')
  return refreshes
}

test('two tabs that refresh at once send one refresh, and both stay signed in', async (t) => {
  assert.equal(await refreshTwoTabsAtOnce(await openDevice(t)), 1)
})

test('two tabs that refresh at once stay signed in where the browser has no locks', async (t) => {
  const device = await openDevice(t)
  await device.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }))

  assert.ok((await refreshTwoTabsAtOnce(device)) >= 1)
})

test('a person who signs out in one tab is signed out in the other one, and the way back shows no account', async (t) => {
  const device = await openDevice(t)
  const [first, second] = [await device.newPage(), await device.newPage()]
  await signIn(first, await newPerson())
  await second.goto('/settings/account')
  await heading(second, 'Account')

  await press(first, 'Sign out')

  await heading(first, 'Sign in')
  await text(first, 'You have signed out.')
  await first.reload()
  await heading(first, 'Sign in')
  assert.equal(await first.getByText('You have signed out.').count(), 0)
  await heading(second, 'Sign in')
  await first.goto('/forgot-password')
  await heading(first, 'Forgot your password?')
  await first.goBack()
  await heading(first, 'Sign in')
})

test('a person who signs out without a connection is told how to make sure', async (t) => {
  const device = await openDevice(t)
  const page = await device.newPage()
  await signIn(page, await newPerson())
  await heading(page, 'Account')

  await device.setOffline(true)
  await press(page, 'Sign out')

  await heading(page, 'Sign in')
  await text(page, 'You have signed out on this device, but we could not be reached.')
})

test('a device that cannot be signed out without a connection can be signed out later', async (t) => {
  const device = await openDevice(t)
  const page = await device.newPage()
  const email = await newPerson()
  await call('/v1/login', { email, password: PASSWORD })
  await signIn(page, email)
  const signOutOther = page.locator('.session', { hasNotText: 'This device' }).getByRole('button')
  await signOutOther.waitFor()
  await device.setOffline(true)
  await signOutOther.click()
  await text(page, 'You are offline. Connect to the internet and try again.')

  await device.setOffline(false)
  await signOutOther.click()

  await text(page, 'This is the only device on which you are signed in.')
})

test('the way back from the second screen of the email change leads to the first, and forward again', async (t) => {
  const page = await (await openDevice(t)).newPage()
  await signIn(page, await newPerson())
  await page.getByRole('link', { name: 'Change email address' }).click()
  await fill(page, { 'Current password': PASSWORD })
  await press(page, 'Next')
  await heading(page, 'Enter your new email address')

  await page.goBack()
  await heading(page, 'Change your email address')
  await page.goForward()
  await heading(page, 'Enter your new email address')
  await fill(page, { 'New email address': newAddress('ada.new') })
  await press(page, 'Save')
  await heading(page, 'Account')
  await page.goBack()
  await heading(page, 'Change your email address')
  await page.goForward()

  await heading(page, 'Account')
})

test('the second screen of the email change asks for the password again after a reload', async (t) => {
  const page = await (await openDevice(t)).newPage()
  await signIn(page, await newPerson(), { path: '/settings/email' })
  await fill(page, { 'Current password': PASSWORD })
  await press(page, 'Next')
  await heading(page, 'Enter your new email address')

  await page.reload()

  await heading(page, 'Change your email address')
})

test('a confirmation of the password that is too old leads back to the first screen, and keeps the new address', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const newEmail = newAddress('ada.new')
  await signIn(page, await newPerson(), { path: '/settings/email' })
  await fill(page, { 'Current password': PASSWORD })
  await press(page, 'Next')
  // Five minutes cannot pass here. To the service, a token that it does not know is the same as one that is too old.
  await page.route(
    '**/v1/email/change',
    (route) => route.continue({ postData: { ...route.request().postDataJSON(), reauthToken: 'too-old' } }),
    { times: 1 },
  )

  await fill(page, { 'New email address': newEmail })
  await press(page, 'Save')
  await text(page, 'Enter your password again')
  await fill(page, { 'Current password': PASSWORD })
  await press(page, 'Next')
  await heading(page, 'Enter your new email address')
  assert.equal(await page.getByLabel('New email address').inputValue(), newEmail)
  await press(page, 'Save')

  await text(page, `Waiting for you to confirm ${newEmail}`)
})

test('the sign-in leads back to the page that was asked for, but never to another site', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const email = await newPerson()
  await signIn(page, email, { path: '/settings/password' })
  await press(page, 'Sign out')
  await heading(page, 'Sign in')

  await page.goto('/sign-in?next=https://evil.example/')
  await fill(page, { 'Email address': email, Password: PASSWORD })
  await press(page, 'Sign in')

  await heading(page, 'Account')
})

test('a script that is injected into a page does not run', async (t) => {
  const page = await (await openDevice(t)).newPage()
  await page.goto('/sign-in')
  await heading(page, 'Sign in')

  const outcomes = await page.evaluate(() => {
    const outcomeOf = (/** @type {() => unknown} */ inject) => {
      try {
        inject()
        return 'accepted'
      } catch {
        return 'refused'
      }
    }
    const script = document.createElement('script')
    document.body.append(script)
    return {
      html: outcomeOf(() => {
        document.body.innerHTML = '<img src="" onerror="alert()">'
      }),
      handler: outcomeOf(() => document.body.setAttribute('onclick', 'alert()')),
      script: outcomeOf(() => {
        script.textContent = 'alert()'
      }),
    }
  })

  assert.deepEqual(outcomes, { html: 'refused', handler: 'refused', script: 'refused' })
  const { headers } = await fetch(`${example.url}/sign-in`)
  assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none'; script-src 'self';/)
  assert.equal(headers.get('referrer-policy'), 'no-referrer')
})
