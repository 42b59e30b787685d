import { expect, test } from '@jest/globals'
import '../../support/matchers.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, mailbox, people } = await startTestApp()

test('a registration becomes an account when its link is opened', async () => {
  const email = people.newEmail('ada')

  const asked = await api.post('/v1/register', { email, password: 'Correct-Horse-7' })
  const before = await api.post('/v1/login', { email, password: 'Correct-Horse-7' })
  const opened = await api.post('/v1/email/verify', { token: await mailbox.token(email, 'verify_email') })
  const after = await api.post('/v1/login', { email, password: 'Correct-Horse-7' })

  expect(asked).toHaveStatus(202)
  expect(asked.body).toEqual({ status: 'verification_sent' })
  expect(before).toRefuse('email_not_verified')
  expect(opened.body).toEqual({ email })
  expect(after).toHaveStatus(200)
})
