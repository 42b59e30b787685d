import { SCOPES, type Scope } from '../../../src/domain/service-clients/scopes.ts'
import { basicOf, registerClient, serviceTokenOf } from '../service-clients.ts'
import type { TestApp } from '../test-app.ts'

/** Everything that requests can hold and that only the running service knows. */
export type LiveValues = Awaited<ReturnType<typeof liveValues>>
export type LiveName = keyof LiveValues

/** Stands for a live value in a request that was made before there was one. */
export function live(name: LiveName): string {
  return `{{${name}}}`
}

export function fillIn(text: string, values: LiveValues): string {
  return text.replace(/\{\{(\w+)\}\}/g, (all, name: string) => values[name as LiveName] ?? all)
}

let made = 0

/** A new person with links of all four kinds in their mail, and a new client: what came before may be spent by now. */
export async function liveValues({ api, people, mailbox, deps, serviceToken }: TestApp) {
  made += 1
  const somebody = await people.verified()
  const lockedEmail = somebody.email
  const settled = people.newEmail()
  await people.move(somebody, settled)
  const revertToken = await mailbox.token(lockedEmail, 'email_change_requested')
  const pending = people.newEmail()
  await somebody.changeEmail(pending)
  const forgotten = await api.post('/v1/password/forgot', { email: settled })
  await api.post('/v1/register', { email: `registrant.${made}@example.com`, password: somebody.password })
  const { body: reauthentication } = await somebody.post('/v1/reauthenticate', { currentPassword: somebody.password })
  const deadRefreshToken = somebody.tokens.refreshToken
  await somebody.refresh()
  const gone = await somebody.logIn()
  await gone.post('/v1/logout', {})
  const other = await people.verified()
  const accountId = String((await somebody.get('/v1/me')).body.id)
  const client = await registerClient(deps, ...(Object.keys(SCOPES) as Scope[]))
  const everything = await serviceTokenOf(api, client)
  const users = await api.get('/v1/admin/users?emailPrefix=person&limit=1', { token: everything })
  return {
    email: settled,
    lockedEmail,
    otherEmail: other.email,
    freshEmail: `fresh.${made}@example.com`,
    password: somebody.password,
    newPassword: `New-Password-${made}`,
    accessToken: somebody.token,
    deadToken: gone.token,
    refreshToken: somebody.tokens.refreshToken,
    deadRefreshToken,
    sessionId: somebody.tokens.sessionId,
    accountId,
    otherId: '0198b7c4-5c1e-7d2a-9f63-2b8f0e6a1c55',
    reauthToken: String(reauthentication.reauthToken),
    verifyToken: await mailbox.token(`registrant.${made}@example.com`, 'verify_email'),
    resetToken: await mailbox.token(settled, 'reset_password'),
    confirmToken: await mailbox.token(pending, 'confirm_email'),
    revertToken,
    receipt: String(forgotten.body.receipt),
    mailId: (await deps.db.mail.findFirstOrThrow({ where: { email: settled } })).id,
    securityEventId: (await deps.db.securityEvent.findFirstOrThrow({ where: { accountId } })).id,
    cursor: String(users.body.nextCursor),
    clientId: client.id,
    clientSecret: client.secret,
    basic: basicOf(client).authorization,
    serviceToken: everything,
    weakServiceToken: await serviceToken('users:read'),
  }
}
