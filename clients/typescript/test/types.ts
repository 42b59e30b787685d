// Compiled and not run: each @ts-expect-error fails the build if the line under it compiles.
import { createLatchkey, type Problem } from '../src/index.ts'

const latchkey = createLatchkey({ baseUrl: 'http://127.0.0.1:3000' })

/** The data is there if there is no problem, and a code is one of the route's. */
export async function narrow(): Promise<string> {
  const { data, problem } = await latchkey.api.POST('/v1/email/change', {
    body: { newEmail: 'ada@new.example', currentPassword: 'Correct horse 7' },
  })
  if (!problem) return data.pendingEmail
  switch (problem.code) {
    case 'email_unavailable':
      return problem.support ?? ''
    // @ts-expect-error no such code
    case 'emial_unavailable':
      return ''
    // @ts-expect-error a code of other routes
    case 'link_expired':
      return ''
    case 'too_many_attempts':
      return `${problem.retryAfter}`
    default:
      return problem.detail
  }
}

export async function refuse(): Promise<void> {
  const { data } = await latchkey.api.GET('/v1/me')
  // @ts-expect-error there is no data if there is a problem
  void data.email
  // @ts-expect-error no such route
  await latchkey.api.GET('/v1/account')
  // @ts-expect-error the body is required
  await latchkey.api.POST('/v1/register')
  // @ts-expect-error no such field
  await latchkey.api.POST('/v1/register', { body: { email: '', password: '', name: '' } })
  // @ts-expect-error the id is required
  await latchkey.api.DELETE('/v1/sessions/{id}')
  // @ts-expect-error the client itself refreshes
  await latchkey.api.POST('/v1/token/refresh', { body: { refreshToken: '' } })
  // @ts-expect-error a route for Support
  await latchkey.api.GET('/v1/admin/users')
}

export async function accept(): Promise<Problem | undefined> {
  await latchkey.api.DELETE('/v1/sessions/{id}', { params: { path: { id: '' } }, keepalive: true })
  const { problem: notCancelled } = await latchkey.api.DELETE('/v1/email/change')
  if (notCancelled?.code === 'not_found') return notCancelled
  const { problem } = await latchkey.signIn({ email: '', password: '' })
  return problem?.code === 'invalid_credentials' ? problem : undefined
}
