import { describe, expect, test } from '@jest/globals'
import { v7 as uuidv7 } from 'uuid'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, deps, mailbox, people } = await startTestApp()

describe('signing one device out', () => {
  test('ends its access and refresh tokens at once', async () => {
    const ada = await people.verified()
    const phone = await ada.logIn()

    const answer = await ada.delete(`/v1/sessions/${phone.tokens.sessionId}`)

    expect(answer).toHaveStatus(204)
    expect(await phone.get('/v1/me')).toRefuse('unauthenticated')
    expect(await phone.refresh()).toRefuse('refresh_token_invalid')
    expect(await ada.get('/v1/me')).toHaveStatus(200)
  })

  test('can be the device at hand', async () => {
    const ada = await people.verified()

    expect(await ada.delete(`/v1/sessions/${ada.tokens.sessionId}`)).toHaveStatus(204)
    expect(await ada.get('/v1/me')).toRefuse('unauthenticated')
  })

  test('finds no other account’s session, no made-up one and none that is over', async () => {
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

  test('twice at once is done once', async () => {
    const ada = await people.verified()
    const phone = await ada.logIn()

    const answers = await Promise.all([1, 2].map(() => ada.delete(`/v1/sessions/${phone.tokens.sessionId}`)))

    expect(answers.map((answer) => answer.status).sort()).toEqual([204, 404])
  })

  test('ends the address change it asked for, so that a thrown-out stranger’s address is not confirmed', async () => {
    const ada = await people.verified()
    const stranger = await ada.logIn()
    const newEmail = people.newEmail('stranger')
    await stranger.changeEmail(newEmail)
    const token = await mailbox.token(newEmail, 'confirm_email')

    await ada.delete(`/v1/sessions/${stranger.tokens.sessionId}`)

    expect(await api.post('/v1/email/change/confirm', { token })).toRefuse('link_expired')
    expect(await ada.get('/v1/email/change')).toRefuse('not_found')
  })

  test('is in the audit trail', async () => {
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
  test('leaves the one at hand and says how many there were', async () => {
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

  test('touches no other account', async () => {
    const ada = await people.verified()
    const eve = await people.verified()

    await ada.delete('/v1/sessions')

    expect(await eve.get('/v1/me')).toHaveStatus(200)
  })

  test('is in the audit trail, and nobody is mailed', async () => {
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

test('nobody signs anybody out without being signed in', async () => {
  const ada = await people.verified()

  expect(await api.delete('/v1/sessions')).toRefuse('unauthenticated')
  expect(await api.delete(`/v1/sessions/${ada.tokens.sessionId}`)).toRefuse('unauthenticated')
  expect(await api.delete('/v1/sessions', { token: 'garbage' })).toRefuse('unauthenticated')
})
