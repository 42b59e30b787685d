import { setTimeout as wait } from 'node:timers/promises'
import { example } from './example.js'

export const PASSWORD = 'Correct-Horse-7'
export const NEW_PASSWORD = 'Battery-Staple-8'

let count = 0

/** An address that no other test uses. */
export function newAddress(name = 'ada') {
  count += 1
  return `${name}.${count}@example.com`
}

/**
 * Calls the service directly, for what the test is not about.
 *
 * @param {string} path
 * @param {object} body
 * @param {string} [accessToken]
 */
export async function call(path, body, accessToken) {
  const answer = await fetch(example.service + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(accessToken && { authorization: `Bearer ${accessToken}` }),
    },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`)
  return answer.status === 204 ? null : answer.json()
}

/** A person with a verified account. */
export async function newPerson(name = 'ada') {
  const email = newAddress(name)
  await call('/v1/register', { email, password: PASSWORD })
  await call('/v1/email/verify', { token: tokenIn(await mailedLink(email, 'verify_email')) })
  return email
}

/**
 * Requests an email change from another device.
 *
 * @param {string} email
 * @param {string} newEmail
 */
export async function requestEmailChange(email, newEmail) {
  const { accessToken } = await call('/v1/login', { email, password: PASSWORD })
  await call('/v1/email/change', { newEmail, currentPassword: PASSWORD }, accessToken)
}

/**
 * Waits for a mail, and returns its link.
 *
 * @param {string} email
 * @param {string} kind
 * @param {string} [olderLink] wait for a newer mail than the one with this link
 * @returns {Promise<string>}
 */
export async function mailedLink(email, kind, olderLink) {
  for (;;) {
    const mails = await (await fetch(`${example.url}/mail/messages`)).json()
    const mail = mails.find((/** @type {any} */ each) => each.to === email && each.kind === kind)
    const link = mail?.text.match(/https?:\/\/\S+/)?.[0]
    if (link && link !== olderLink) return link
    await wait(50)
  }
}

/** @param {string} link */
export function tokenIn(link) {
  return link.split('#token=')[1]
}
