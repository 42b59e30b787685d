import { SCOPES, type Scope } from '../../../src/domain/scopes.ts'
import type { Person } from '../people.ts'
import type { SendgridEvents } from '../sendgrid-events.ts'
import { basicOf, registerClient, serviceTokenOf } from '../service-clients.ts'
import type { TestApp } from '../test-app.ts'

/** The values of requests that only the running service knows, such as tokens and ids. */
export type LiveValues = Awaited<ReturnType<typeof liveValues>>
export type LiveName = keyof LiveValues

/** A placeholder for a live value in a request that is generated before the value exists. */
export function live(name: LiveName): string {
  return `{{${name}}}`
}

export function fillIn(text: string, values: LiveValues): string {
  return text.replace(/\{\{(\w+)\}\}/g, (all, name: string) => values[name as LiveName] ?? all)
}

let made = 0

/**
 * New people, because the links and sessions of earlier ones are used up by now: one who is signed in, one who was mailed links
 * of all four kinds (using them ends sessions), one for the requests of Support, and one whose mail bounces.
 */
export async function liveValues(service: TestApp, sendgridEvents: SendgridEvents) {
  const { api, people, deps, serviceToken } = service
  made += 1
  const ada = await people.verified()
  const deadRefreshToken = ada.tokens.refreshToken
  await ada.refresh()
  const { body: proof } = await ada.post('/v1/reauthenticate', { currentPassword: ada.password })
  const gone = await ada.logIn()
  await gone.post('/v1/logout', {})
  const bob = await people.verified()
  const client = await registerClient(deps, ...(Object.keys(SCOPES) as Scope[]))
  const everything = await serviceTokenOf(api, client)
  const users = await api.get('/v1/admin/users?emailPrefix=person&limit=1', { token: everything })
  return {
    ...(await linkHolder(service)),
    email: ada.email,
    otherEmail: bob.email,
    freshEmail: `fresh.${made}@example.com`,
    suppressedEmail: await suppressedEmail(service, sendgridEvents),
    password: ada.password,
    newPassword: `New-Password-${made}`,
    accessToken: ada.token,
    deadToken: gone.token,
    refreshToken: ada.tokens.refreshToken,
    deadRefreshToken,
    sessionId: ada.tokens.sessionId,
    accountId: await idOf(ada),
    otherAccountId: await idOf(bob),
    nobodysId: '0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c55',
    reauthToken: String(proof.reauthToken),
    cursor: String(users.body.nextCursor),
    clientId: client.id,
    clientSecret: client.secret,
    basic: basicOf(client).authorization,
    serviceToken: everything,
    weakServiceToken: await serviceToken('users:read'),
  }
}

async function linkHolder({ api, people, mailbox, deps }: TestApp) {
  const eve = await people.verified()
  const lockedEmail = eve.email
  await people.move(eve, people.newEmail())
  const { email } = eve
  const pendingEmail = people.newEmail()
  await eve.changeEmail(pendingEmail)
  const { body: forgotten } = await api.post('/v1/password/forgot', { email })
  const registrant = people.newEmail('registrant')
  await api.post('/v1/register', { email: registrant, password: eve.password })
  const securityEvent = await deps.db.securityEvent.findFirstOrThrow({ where: { accountId: await idOf(eve) } })
  return {
    lockedEmail,
    receipt: String(forgotten.receipt),
    verifyToken: await mailbox.token(registrant, 'verify_email'),
    resetToken: await mailbox.token(email, 'reset_password'),
    confirmToken: await mailbox.token(pendingEmail, 'confirm_email'),
    revertToken: await mailbox.token(lockedEmail, 'email_change_requested'),
    mailId: (await deps.db.mail.findFirstOrThrow({ where: { email } })).id,
    securityEventId: securityEvent.id,
  }
}

async function suppressedEmail({ people }: TestApp, sendgridEvents: SendgridEvents): Promise<string> {
  const { email } = await people.verified()
  const mailId = await sendgridEvents.mailTo(email)
  await sendgridEvents.post(sendgridEvents.event(mailId, 'bounce', { type: 'bounce', reason: '550 no such user' }))
  return email
}

async function idOf(person: Person): Promise<string> {
  return String((await person.get('/v1/me')).body.id)
}
