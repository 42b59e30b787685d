import type { MailKind } from '../../src/mail/templates/render.ts'
import type { Answer } from './api.ts'
import type { TestApp } from './test-app.ts'

export interface Link {
  readonly kind: MailKind
  /** The route that takes the token of the link. */
  readonly path: string
  readonly token: string
}

/** The password that `openLink` sets where a link sets one. */
const CHOSEN = 'Battery-Staple-8'

/** A live link of every kind, each of its own person. */
export async function everyLink({ api, mailbox, people, resetToken }: TestApp): Promise<Link[]> {
  const newcomer = people.newEmail()
  await api.post('/v1/register', { email: newcomer, password: CHOSEN })
  const forgetful = await people.verified()
  const mover = await people.verified()
  const target = people.newEmail()
  await mover.changeEmail(target)
  const moved = await people.verified()
  const former = moved.email
  await people.move(moved, people.newEmail())
  const squatted = people.newEmail()
  for (const password of [CHOSEN, 'Another-Staple-9']) await api.post('/v1/register', { email: squatted, password })
  await api.post('/v1/email/verify/resend', { email: squatted })
  const link = async (kind: MailKind, path: string, email: string) => ({
    kind,
    path,
    token: await mailbox.token(email, kind),
  })
  return [
    await link('verify_email', '/v1/email/verify', newcomer),
    { kind: 'reset_password', path: '/v1/password/reset', token: await resetToken(forgetful.email) },
    await link('choose_password', '/v1/password/reset', squatted),
    await link('confirm_email', '/v1/email/change/confirm', target),
    await link('email_change_requested', '/v1/email/change/revert', mover.email),
    await link('email_changed', '/v1/email/change/revert', former),
  ]
}

/** Uses a link up, as the page does that it leads to. */
export function openLink({ api }: TestApp, { path, token }: Link): Promise<Answer> {
  return api.post(path, path === '/v1/password/reset' ? { token, newPassword: CHOSEN } : { token })
}
