import { expect, test } from '@jest/globals'
import '../../support/matchers.ts'
import { HOME } from '../../support/api.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, people } = await startTestApp()

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'
const RFC_3339_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

test('every device is listed, the newest sign-in first, with its address and whether it is the current one', async () => {
  const ada = await people.verified()
  clock.advance(10)
  const phone = await ada.logIn({ ip: '2001:db8::7', headers: { 'user-agent': FIREFOX } })

  const answer = await ada.get('/v1/sessions')

  expect(answer).toHaveStatus(200)
  const times = { createdAt: expect.stringMatching(RFC_3339_UTC), lastSeenAt: expect.stringMatching(RFC_3339_UTC) }
  expect(answer.body).toEqual({
    sessions: [
      {
        id: phone.tokens.sessionId,
        ...times,
        ip: '2001:db8::7',
        lastIp: '2001:db8::7',
        userAgent: FIREFOX,
        device: 'Firefox on Linux',
        current: false,
      },
      {
        id: ada.tokens.sessionId,
        ...times,
        ip: HOME,
        lastIp: HOME,
        userAgent: expect.anything(),
        device: 'an unknown device',
        current: true,
      },
    ],
  })
  expect(answer.headers['cache-control']).toBe('no-store')
})

test('a session shows when it was last seen', async () => {
  const ada = await people.verified()
  const seen = async () => (await ada.get('/v1/sessions')).body.sessions[0]
  const before = await seen()
  clock.advance(120)
  await ada.refresh()

  const after = await seen()

  expect(after.createdAt).toBe(before.createdAt)
  expect(new Date(after.lastSeenAt).getTime() - new Date(before.lastSeenAt).getTime()).toBeGreaterThanOrEqual(120_000)
})

test('a session shows the address of its last refresh beside that of its sign-in', async () => {
  const ada = await people.verified()
  const answer = await api.post('/v1/token/refresh', { refreshToken: ada.tokens.refreshToken }, { ip: '203.0.113.9' })

  const { sessions } = (await api.get('/v1/sessions', { token: answer.body.accessToken })).body

  expect(sessions).toMatchObject([{ ip: HOME, lastIp: '203.0.113.9' }])
})

test('sessions that have been signed out or revoked, or have expired, are not listed', async () => {
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
