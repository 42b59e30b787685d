import { afterAll, expect, jest, test } from '@jest/globals'
import { SCOPES, type Scope } from '../../src/domain/scopes.ts'
import { deviation, operations } from '../support/fuzz/description.ts'
import { SENDGRID_PUBLIC_KEY, SendgridEvents } from '../support/sendgrid-events.ts'
import { basicOf, registerClient } from '../support/service-clients.ts'
import { SupportDesk } from '../support/support-desk.ts'
import { startTestApp } from '../support/test-app.ts'
import { WebhookReceiver } from '../support/webhook-receiver.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const receiver = new WebhookReceiver(SECRET)
const service = await startTestApp({
  env: {
    SENDGRID_WEBHOOK_PUBLIC_KEY: SENDGRID_PUBLIC_KEY,
    SECURITY_EVENT_URLS: await receiver.start(),
    SECURITY_EVENT_SECRET: SECRET,
  },
})
const { api, app, deps, people, mailbox, serviceToken } = service

afterAll(() => receiver.stop())

/** Ada uses every route for account holders, also with wrong values. */
async function useAccount(): Promise<void> {
  await api.get('/v1/password/policy')
  await api.post('/v1/password/check', { password: 'short' })
  await api.post('/v1/register', { email: 'ada@example.com', password: 'short' })
  await api.post('/v1/register', { email: 'ada@example.com', password: 'Correct-Horse-7' })
  await api.post('/v1/email/verify/resend', { email: 'ada@example.com' })
  const verification = { token: await mailbox.token('ada@example.com', 'verify_email') }
  await api.post('/v1/email/verify/check', verification)
  await api.post('/v1/email/verify', verification)
  await api.post('/v1/email/verify', verification)
  await api.post('/v1/login', { email: 'ada@example.com', password: 'Wrong-Horse-7' })
  const ada = await people.signedIn('ada@example.com', 'Correct-Horse-7')
  const phone = await ada.logIn()
  await ada.logIn()
  await ada.get('/v1/me')
  await ada.patch('/v1/me', { locale: 'de' })
  await ada.get('/v1/sessions')
  await ada.delete(`/v1/sessions/${phone.tokens.sessionId}`)
  await ada.delete('/v1/sessions')
  await ada.get('/v1/email/change')
  await ada.changeEmail('ada@wrong.example')
  await ada.get('/v1/email/change')
  await ada.delete('/v1/email/change')
  const { reauthToken } = (await ada.post('/v1/reauthenticate', { currentPassword: ada.password })).body
  await ada.post('/v1/email/change', { newEmail: 'ada@new.example', reauthToken })
  const confirmation = { token: await mailbox.token('ada@new.example', 'confirm_email') }
  await api.post('/v1/email/change/confirm/check', confirmation)
  await api.post('/v1/email/change/confirm', confirmation)
  await ada.refresh()
  await ada.post('/v1/password/change', { currentPassword: ada.password, newPassword: 'Battery-Staple-8' })
  const revert = { token: await mailbox.token('ada@example.com', 'email_changed') }
  await api.post('/v1/email/change/revert/check', revert)
  await api.post('/v1/email/change/revert', revert)
  await api.post('/v1/password/forgot', { email: 'ada@example.com' })
  const reset = { token: await mailbox.token('ada@example.com', 'reset_password') }
  await api.post('/v1/password/reset/check', reset)
  await api.post('/v1/password/reset', { ...reset, newPassword: 'Another-Staple-9' })
  const again = await people.signedIn('ada@example.com', 'Another-Staple-9')
  await again.post('/v1/logout')
}

/** Support uses every route of the desk on Grace's account, and the mail provider reports a bounce. */
async function useDesk(): Promise<void> {
  const desk = new SupportDesk(api, await serviceToken(...(Object.keys(SCOPES) as Scope[])))
  const events = new SendgridEvents(service)
  const grace = await people.verified()
  const former = grace.email
  await people.move(grace, 'grace@new.example')
  const id = await desk.idOf(grace.email)
  await api.post('/v1/password/forgot', { email: grace.email })
  await events.post(events.event(await events.mailTo(grace.email), 'bounce', { reason: '550 5.1.1', type: 'bounce' }))
  await desk.get(`/addresses/${grace.email}`)
  await desk.get(`/addresses/${former}`)
  await desk.get(`/addresses/${grace.email}/mail`)
  await desk.delete(`/addresses/${grace.email}/suppression`)
  await desk.get(`/users/${id}`)
  const { receipt } = (await desk.post(`/users/${id}/password-reset`)).body
  await desk.get(`/receipts/${receipt}`)
  await desk.get(`/users/${id}/mail`)
  await desk.get(`/users/${id}/events?limit=100`)
  await desk.get('/events/export')
  await desk.delete(`/users/${id}/sessions`)
  await desk.delete(`/users/${id}/revert-links`)
  const { body } = await desk.get(`/security-events?accountId=${id}`)
  await desk.post(`/security-events/${body.events[0].id}/replay`)
  await desk.patch(`/users/${id}`, { disabled: true })
  await desk.delete(`/addresses/${former}/lock?reason=moved`)
  await desk.post('/users', { email: 'imported@example.com' })
  await desk.delete(`/users/${id}`)
}

/** A service gets a token, asks about it and gives it back. */
async function useOAuth(): Promise<void> {
  const client = await registerClient(deps, 'tokens:introspect')
  const headers = basicOf(client)
  const grant = await api.form('/oauth/token', { grant_type: 'client_credentials' }, { headers })
  await api.form('/oauth/introspect', { token: grant.body.access_token }, { headers })
  await api.form('/oauth/revoke', { token: grant.body.access_token }, { headers })
  await api.form('/oauth/token', { grant_type: 'password' }, { headers })
}

function operationAt(method: string, url: string): (typeof operations)[number] | undefined {
  const path = new URL(url, 'http://localhost').pathname
  const matches = operations.filter(
    (operation) =>
      operation.method === method && new RegExp(`^${operation.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
  )
  return matches.find((operation) => operation.path === path) ?? matches[0]
}

test('every operation of openapi.yaml answers as described there', async () => {
  const inject = jest.spyOn(app, 'inject')

  await useAccount()
  await useDesk()
  await useOAuth()
  const documents = ['/.well-known/jwks.json', '/.well-known/oauth-authorization-server']
  for (const path of [...documents, '/health/live', '/health/ready', '/metrics']) await api.get(path)

  const unserved = new Set(operations.map(({ route }) => route))
  const findings: string[] = []
  for (const [nth, [request]] of (inject.mock.calls as unknown as [{ method: string; url: string }][]).entries()) {
    const answer = (await inject.mock.results[nth]?.value) as Parameters<typeof deviation>[2] | undefined
    const operation = operationAt(request.method, request.url)
    if (!operation || !answer) throw new Error(`${request.method} ${request.url} is not described`)
    if (answer.statusCode < 300) unserved.delete(operation.route)
    const found = deviation(operation.path, operation.method, answer)
    if (found) findings.push(`${operation.route}: ${found}`)
  }
  expect(findings).toEqual([])
  expect([...unserved]).toEqual([])
})
