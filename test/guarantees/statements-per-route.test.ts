import { expect, test } from '@jest/globals'
import '../support/matchers.ts'
import type { Answer } from '../support/api.ts'
import { statementsOf } from '../support/counted-statements.ts'
import { startTestApp } from '../support/test-app.ts'

/** How many statements, BEGIN and COMMIT included, each route may send. Each of them costs a round trip. */
const { api, people } = await startTestApp()
const ada = await people.verified()
const logIn = () => api.post('/v1/login', { email: ada.email, password: ada.password })
const session = (await logIn()).body // from now on its network is known

const routes: Array<[string, number, () => Promise<Answer>]> = [
  ['GET /v1/me', 2, () => ada.get('/v1/me')],
  ['POST /v1/token/refresh', 1, () => api.post('/v1/token/refresh', { refreshToken: session.refreshToken })],
  ['POST /v1/login from a known network', 13, logIn],
]

test.each(routes)('%s sends at most %d statements', async (_route, most, request) => {
  let answer: Answer | undefined

  const statements = await statementsOf(async () => {
    answer = await request()
  })

  expect(answer).toHaveStatus(200)
  expect(statements.length).toBeLessThanOrEqual(most)
  expect(statements.length).toBeGreaterThan(0)
})
