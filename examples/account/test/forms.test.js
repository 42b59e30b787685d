import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDevice } from './support/example.js'
import { fill, heading, press, signIn, text } from './support/pages.js'
import { call, newAddress, newPerson, PASSWORD } from './support/people.js'

/** @typedef {import('playwright-core').Page} Page */

test('a form with mistakes gives the focus to a summary, which leads to each field', async (t) => {
  const page = await (await openDevice(t)).newPage()
  await page.goto('/sign-up')

  await press(page, 'Create account')
  const summary = page.getByRole('alert')
  assert.equal(await summary.evaluate((element) => element === document.activeElement), true)
  await summary.getByRole('link', { name: 'Choose a password.' }).click()

  const password = page.getByLabel('Password', { exact: true })
  assert.equal(await password.evaluate((element) => element === document.activeElement), true)
  assert.equal(await password.getAttribute('aria-invalid'), 'true')
  await fill(page, { 'Email address': 'ada', Password: PASSWORD })
  await press(page, 'Create account')
  await summary.getByRole('link', { name: 'Enter a valid email address, like ada@example.com.' }).waitFor()
})

test('a person can sign up and sign in with the keyboard alone, and the heading takes the focus', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const email = await newPerson()
  await page.goto('/sign-in')
  await page.getByLabel('Email address').focus()

  await page.keyboard.type(email)
  await page.keyboard.press('Tab') // "Forgot your password?"
  await page.keyboard.press('Tab')
  await page.keyboard.type(PASSWORD)
  await page.keyboard.press('Enter')
  await heading(page, 'Account')

  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Account')
  assert.equal(await page.title(), 'Account · Juniper')
})

test('a double click signs up once', async (t) => {
  const page = await (await openDevice(t)).newPage()
  let requests = 0
  page.on('request', (request) => {
    if (request.url().endsWith('/v1/register') && request.method() === 'POST') requests += 1
  })
  await page.goto('/sign-up')
  await fill(page, { 'Email address': newAddress(), Password: PASSWORD })

  await page.getByRole('button', { name: 'Create account' }).dblclick()

  await heading(page, 'Check your inbox')
  assert.equal(requests, 1)
})

test('after too many guesses the form says how long to wait, and then works again', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const email = await newPerson()
  await page.goto('/sign-in')
  for (let guess = 1; guess <= 5; guess += 1) {
    await call('/v1/login', { email, password: `Wrong-Horse-${guess}` }).catch(() => undefined)
  }
  await fill(page, { 'Email address': email, Password: PASSWORD })

  await press(page, 'Sign in')
  await page.getByRole('alert').getByText('There were too many attempts').waitFor()
  await page.getByRole('button', { name: /^Try again in \d seconds?$/ }).waitFor()
  await page.getByText('You can try again now.').waitFor({ state: 'attached' })
  await press(page, 'Sign in')

  await heading(page, 'Account')
})

test('an overloaded service is named, and the form can be sent again after Retry-After', async (t) => {
  const page = await (await openDevice(t)).newPage()
  const email = await newPerson()
  // A real overload needs a flood of sign-ins. The answer is the one that test/faults/overload.test.ts gets from the service.
  await page.route(
    '**/v1/login',
    (route) =>
      route.fulfill({
        status: 503,
        headers: {
          'retry-after': '1',
          'access-control-allow-origin': '*',
          'access-control-expose-headers': 'Retry-After',
        },
        contentType: 'application/problem+json',
        json: {
          type: 'about:blank',
          title: 'Service busy',
          status: 503,
          detail: '',
          code: 'overloaded',
          instance: 'x',
          retryAfter: 1,
        },
      }),
    { times: 1 },
  )
  await page.goto('/sign-in')
  await fill(page, { 'Email address': email, Password: PASSWORD })

  await press(page, 'Sign in')
  await page.getByRole('alert').getByText('We are busy right now.').waitFor()
  await page.getByText('You can try again now.').waitFor({ state: 'attached' })
  await press(page, 'Sign in')

  await heading(page, 'Account')
})

test('without a connection the page says so, keeps what was entered, and goes on when it is back', async (t) => {
  const device = await openDevice(t)
  const page = await device.newPage()
  const email = await newPerson()
  await page.goto('/sign-in')
  await fill(page, { 'Email address': email, Password: PASSWORD })

  await device.setOffline(true)
  await text(page, 'You are offline.')
  await press(page, 'Sign in')
  await page.getByRole('alert').getByText('You are offline. Connect to the internet').waitFor()
  await device.setOffline(false)
  await press(page, 'Sign in')

  await heading(page, 'Account')
})

test('an account page that could not be loaded is loaded when the connection is back', async (t) => {
  const device = await openDevice(t)
  const page = await device.newPage()
  const email = await newPerson()
  await signIn(page, email)
  await page.getByRole('link', { name: 'Change password' }).click()
  await heading(page, 'Change your password')

  await device.setOffline(true)
  await page.goBack()
  await page.getByRole('alert').first().getByText('You are offline.').waitFor()
  await device.setOffline(false)

  await page.locator('.setting .address').getByText(email).waitFor()
})
