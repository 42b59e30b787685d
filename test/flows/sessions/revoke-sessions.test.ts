import { describe, expect, test } from '@jest/globals'
import { v7 as uuidv7 } from 'uuid'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, deps, mailbox, people } = await startTestApp()

describe('signing one device out', () => {
  test('revoking a session ends its access and refresh tokens at once', async () => {
    const ada = await people.verified()
    const phone = await ada.logIn()

    const answer = await ada.delete(`/v1/sessions/${phone.tokens.sessionId}`)

    expect(answer).toHaveStatus(204)
    expect(await phone.get('/v1/me')).toRefuse('unauthenticated')
    expect(await phone.refresh()).toRefuse('refresh_token_invalid')
    expect(await ada.get('/v1/me')).toHaveStatus(200)
  })

  test('a session can revoke itself', async () => {
    const ada = await people.verified()

    expect(await ada.delete(`/v1/sessions/${ada.tokens.sessionId}`)).toHaveStatus(204)
    expect(await ada.get('/v1/me')).toRefuse('unauthenticated')
  })

  test('revoking a session of another account, a made-up one or one that has ended gets 404', async () => {
    const ada = await people.verified()
    const eve = await people.verified()
    const phone = await ada.logIn()
    await phone.post('/v1/logout')

    const { sessionId } = ada.tokens
    expect(await eve.delete(`/v1/sessions/${sessionId}`)).toRefuse('not_found')
    for (const id of [uuidv7(), 'not-an-id', `${sessionId}x`, '%00', phone.tokens.sessionId]) {
      expect(await ada.delete(`/v1/sessions/${id}`)).toRefuse('not_found')
    }
    expect(await ada.get('/v1/me')).toHaveStatus(200)
  })

  test('of two requests that revoke one session at the same moment, one succeeds', async () => {
    const ada = await people.verified()
    const phone = await ada.logIn()

    const answers = await Promise.all([1, 2].map(() => ada.delete(`/v1/sessions/${phone.tokens.sessionId}`)))

    expect(answers.map((answer) => answer.status).sort()).toEqual([204, 404])
  })

  test('revoking a session ends the email change that it requested', async () => {
    const ada = await people.verified()
    const stranger = await ada.logIn()
    const newEmail = people.newEmail('stranger')
    await stranger.changeEmail(newEmail)
    const token = await mailbox.token(newEmail, 'confirm_email')

    await ada.delete(`/v1/sessions/${stranger.tokens.sessionId}`)

    expect(await api.post('/v1/email/change/confirm', { token })).toRefuse('link_expired')
    expect(await ada.get('/v1/email/change')).toRefuse('not_found')
  })

  test('revoking a session is recorded in the audit trail', async () => {
    const ada = await people.verified()
    const phone = await ada.logIn()
    const { id: accountId } = (await ada.get('/v1/me')).body

    await ada.delete(`/v1/sessions/${phone.tokens.sessionId}`)

    expect(await eventsOf(deps, 'session.ended', accountId)).toMatchObject([
      { sessionId: phone.tokens.sessionId, actorId: accountId, ip: '198.51.100.7', details: { reason: 'revoked' } },
    ])
  })
})

describe('signing all other devices out', () => {
  test('revoking all other sessions keeps the current one and answers how many were revoked', async () => {
    const ada = await people.verified()
    const others = [await ada.logIn(), await ada.logIn()]

    const answer = await ada.delete('/v1/sessions')

    expect(answer).toHaveStatus(200)
    expect(answer.body).toEqual({ revoked: 2 })
    for (const other of others) {
      expect(await other.get('/v1/me')).toRefuse('unauthenticated')
      expect(await other.refresh()).toRefuse('refresh_token_invalid')
    }
    expect(await ada.get('/v1/me')).toHaveStatus(200)
    expect(await ada.refresh()).toHaveStatus(200)
    expect((await ada.delete('/v1/sessions')).body).toEqual({ revoked: 0 })
  })

  test('revoking all other sessions leaves other accounts alone', async () => {
    const ada = await people.verified()
    const eve = await people.verified()

    await ada.delete('/v1/sessions')

    expect(await eve.get('/v1/me')).toHaveStatus(200)
  })

  test('revoking all other sessions is recorded in the audit trail and sends no mail', async () => {
    const ada = await people.verified()
    await ada.logIn()
    const { id: accountId } = (await ada.get('/v1/me')).body

    const mails = await mailbox.during(() => ada.delete('/v1/sessions'))

    expect(mails).toEqual([])
    expect(await eventsOf(deps, 'session.ended', accountId)).toMatchObject([
      { sessionId: ada.tokens.sessionId, actorId: accountId, details: { reason: 'revoked', others: 1 } },
    ])
  })
})

test('revoking sessions needs an access token', async () => {
  const ada = await people.verified()

  expect(await api.delete('/v1/sessions')).toRefuse('unauthenticated')
  expect(await api.delete(`/v1/sessions/${ada.tokens.sessionId}`)).toRefuse('unauthenticated')
  expect(await api.delete('/v1/sessions', { token: 'garbage' })).toRefuse('unauthenticated')
})
