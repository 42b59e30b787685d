import { expect, test } from '@jest/globals'
import '../../support/matchers.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, people } = await startTestApp()

const RFC_3339_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

test('every device is listed, the newest first, with where it signed in from and which one is asking', async () => {
  const ada = await people.verified()
  clock.advance(10)
  const phone = await ada.logIn({ ip: '2001:db8::7', headers: { 'user-agent': 'Phone/1.0' } })

  const answer = await ada.get('/v1/sessions')

  expect(answer).toHaveStatus(200)
  const times = { createdAt: expect.stringMatching(RFC_3339_UTC), lastSeenAt: expect.stringMatching(RFC_3339_UTC) }
  expect(answer.body).toEqual({
    sessions: [
      { id: phone.tokens.sessionId, ...times, ip: '2001:db8::7', userAgent: 'Phone/1.0', current: false },
      { id: ada.tokens.sessionId, ...times, ip: '198.51.100.7', userAgent: expect.anything(), current: true },
    ],
  })
  expect(answer.headers['cache-control']).toBe('no-store')
})

test('a session says when it was last seen', async () => {
  const ada = await people.verified()
  const seen = async () => (await ada.get('/v1/sessions')).body.sessions[0]
  const before = await seen()
  clock.advance(120)
  await ada.refresh()

  const after = await seen()

  expect(after.createdAt).toBe(before.createdAt)
  expect(new Date(after.lastSeenAt).getTime() - new Date(before.lastSeenAt).getTime()).toBeGreaterThanOrEqual(120_000)
})

test('sessions that are over are not listed: signed out, revoked, too old', async () => {
  const ada = await people.verified()
  clock.advance(2_592_001)
  const laptop = await ada.logIn()
  const [phone, tablet] = [await ada.logIn(), await ada.logIn()]
  await phone.post('/v1/logout')
  await laptop.delete(`/v1/sessions/${tablet.tokens.sessionId}`)

  const { sessions } = (await laptop.get('/v1/sessions')).body

  expect(sessions.map(({ id }: { id: string }) => id)).toEqual([laptop.tokens.sessionId])
})

test('nobody sees another account’s sessions', async () => {
  const ada = await people.verified()
  const eve = await people.verified()

  expect((await eve.get('/v1/sessions')).text).not.toContain(ada.tokens.sessionId)
  expect(await api.get('/v1/sessions')).toRefuse('unauthenticated')
})
