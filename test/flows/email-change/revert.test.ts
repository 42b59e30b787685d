import { describe, expect, test } from '@jest/globals'
import { eventsOf } from '../../support/audit.ts'
import '../../support/matchers.ts'
import { startTestApp } from '../../support/test-app.ts'

const { api, clock, deps, mailbox, people, logIn } = await startTestApp()

const revert = (token: string, headers: Record<string, string> = {}) =>
  api.post('/v1/email/change/revert', { token }, { headers })
const confirm = (token: string) => api.post('/v1/email/change/confirm', { token })

/** Somebody whose address is about to change. */
async function moving() {
  const ada = await people.verified()
  const [former, newEmail] = [ada.email, people.newEmail()]
  await ada.changeEmail(newEmail)
  const token = await mailbox.token(former, 'email_change_requested')
  return { ada, former, newEmail, token, confirmToken: await mailbox.token(newEmail, 'confirm_email') }
}

/** Somebody whose address has changed, with the links of both notices. */
async function moved() {
  const { token: early, confirmToken, ...who } = await moving()
  await confirm(confirmToken)
  await who.ada.refresh()
  who.ada.email = who.newEmail
  return { ...who, early, token: await mailbox.token(who.former, 'email_changed') }
}

describe('before the change is confirmed', () => {
  test('the link in the notice cancels a change that is not confirmed yet', async () => {
    const { ada, former, token, confirmToken } = await moving()

    const answer = await revert(token)

    expect(answer).toHaveStatus(200)
    expect(answer.body).toEqual({ email: former, outcome: 'cancelled' })
    expect(await confirm(confirmToken)).toRefuse('link_expired')
    expect((await (await ada.logIn()).get('/v1/me')).body).toMatchObject({ email: former, pendingEmail: null })
  })

  test('cancelling leaves the other sessions and the password alone, and mails nobody', async () => {
    const { ada, former, token } = await moving()
    const phone = await ada.logIn()

    expect(await mailbox.during(() => revert(token))).toEqual([])

    expect(await phone.get('/v1/me')).toHaveStatus(200)
    expect(await logIn(former, ada.password)).toHaveStatus(200)
  })

  test('cancelling ends the session that requested the change, which is probably a thief’s', async () => {
    const { ada: thief, former, token } = await moving()
    const owner = await thief.logIn()
    const { id: accountId } = (await thief.get('/v1/me')).body

    await revert(token)

    expect(await thief.get('/v1/me')).toRefuse('unauthenticated')
    expect(await thief.refresh()).toRefuse('refresh_token_invalid')
    expect((await owner.get('/v1/me')).body.email).toBe(former)
    expect(await eventsOf(deps, 'session.ended', accountId)).toMatchObject([
      { sessionId: thief.tokens.sessionId, details: { reason: 'email_change_cancelled' } },
    ])
  })

  test('the audit trail has the cancellation and where it came from', async () => {
    const { ada, token } = await moving()
    const { id: accountId } = (await ada.get('/v1/me')).body

    await api.post('/v1/email/change/revert', { token }, { ip: '203.0.113.9' })

    expect(await eventsOf(deps, 'email_change.cancelled', accountId)).toMatchObject([{ ip: '203.0.113.9' }])
  })
})

describe('after it was confirmed', () => {
  test('a revert restores the old address, which signs in once a new password is chosen', async () => {
    const { former, newEmail, token } = await moved()

    const answer = await revert(token)

    expect(answer).toHaveStatus(200)
    expect(answer.body).toEqual({ email: former, outcome: 'restored' })
    expect(answer.headers['cache-control']).toBe('no-store')
    const reset = await mailbox.token(former, 'reset_after_revert')
    expect(await api.post('/v1/password/reset', { token: reset, newPassword: 'Battery-Staple-8' })).toHaveStatus(204)
    expect(await logIn(former, 'Battery-Staple-8')).toHaveStatus(200)
    expect(await logIn(newEmail, 'Battery-Staple-8')).toRefuse('invalid_credentials')
  })

  test('a revert revokes every session and the password', async () => {
    const { ada, former, newEmail, token } = await moved()
    const thief = await ada.logIn()

    await revert(token)

    for (const device of [ada, thief]) {
      expect(await device.get('/v1/me')).toRefuse('unauthenticated')
      expect(await device.refresh()).toRefuse('refresh_token_invalid')
    }
    for (const email of [former, newEmail]) expect(await logIn(email, ada.password)).toRefuse('invalid_credentials')
  })

  test('a revert mails reset instructions to the restored address and a notice to the displaced one', async () => {
    const { former, newEmail, token } = await moved()

    const mails = await mailbox.during(() => revert(token))

    expect(mails).toEqual([`email_change_reverted to ${newEmail}`, `reset_after_revert to ${former}`])
    const notice = (await mailbox.to(newEmail)).at(-1)
    expect(notice?.token).toBeNull()
    expect(notice?.text).not.toContain(former)
  })

  test('a revert mails only the old address if the account has already returned to it', async () => {
    const { ada, former, token } = await moved()
    await people.move(ada, former)

    const mails = await mailbox.during(() => revert(token))

    expect(mails).toEqual([`reset_after_revert to ${former}`])
    expect(await logIn(former, ada.password)).toRefuse('invalid_credentials')
  })

  test('the links in both notices of a change revert it, and using one ends the other', async () => {
    const [one, other] = [await moved(), await moved()]

    expect((await revert(one.early)).body).toEqual({ email: one.former, outcome: 'restored' })
    expect((await revert(other.token)).body).toEqual({ email: other.former, outcome: 'restored' })

    expect(await revert(one.token)).toRefuse('link_used')
    expect(await revert(other.early)).toRefuse('link_used')
  })

  test('a revert ends the reset and confirm links that a thief requested in the meantime', async () => {
    const { ada, token } = await moved()
    const next = people.newEmail('thief')
    await ada.changeEmail(next)
    await api.post('/v1/password/forgot', { email: ada.email })
    const links = {
      reset: await mailbox.token(ada.email, 'reset_password'),
      confirm: await mailbox.token(next, 'confirm_email'),
    }

    await revert(token)

    expect(await confirm(links.confirm)).toRefuse('link_expired')
    expect(await api.post('/v1/password/reset', { token: links.reset, newPassword: 'Of-A-Thief-9' })).toRefuse(
      'link_expired',
    )
  })

  test('the displaced address is locked for everybody else', async () => {
    const { newEmail, token } = await moved()
    const eve = await people.verified()

    await revert(token)

    expect(await eve.changeEmail(newEmail)).toRefuse('email_unavailable')
  })

  test('the audit trail has the revert and where it came from', async () => {
    const { ada, former, newEmail, token } = await moved()
    const { id: accountId } = (await ada.get('/v1/me')).body

    const answer = await api.post('/v1/email/change/revert', { token }, { ip: '203.0.113.9' })

    expect(await eventsOf(deps, 'email_change.reverted', accountId)).toMatchObject([
      {
        outcome: 'success',
        ip: '203.0.113.9',
        requestId: answer.headers['x-request-id'],
        details: { from: newEmail, to: former },
      },
    ])
  })
})

describe('a revert link keeps working whatever a thief does', () => {
  test('a password change, a reset and another email change do not end a revert link', async () => {
    const { ada, former, token } = await moved()
    const changed = await ada.post('/v1/password/change', {
      currentPassword: ada.password,
      newPassword: 'Of-A-Thief-9',
    })
    ada.tokens = changed.body
    ada.password = 'Of-A-Thief-9'
    await people.move(ada, people.newEmail('thief'))
    await api.post('/v1/password/forgot', { email: ada.email })
    const reset = await mailbox.token(ada.email, 'reset_password')
    await api.post('/v1/password/reset', { token: reset, newPassword: 'Of-A-Thief-10' })

    expect((await revert(token)).body).toEqual({ email: former, outcome: 'restored' })
    expect(await logIn(former, 'Of-A-Thief-10')).toRefuse('invalid_credentials')
  })

  test('the first notice cancels a second request that replaced the first', async () => {
    const { ada, former, token } = await moving()
    const thiefs = people.newEmail('thief')
    await ada.changeEmail(thiefs)
    const confirmToken = await mailbox.token(thiefs, 'confirm_email')

    expect((await revert(token)).body).toEqual({ email: former, outcome: 'cancelled' })

    expect(await confirm(confirmToken)).toRefuse('link_expired')
  })

  test.each(['replacing', 'cancelling'])(
    '%s the first request and confirming another does not end its revert link',
    async (how) => {
      const { ada, former, token } = await moving()
      if (how === 'cancelling') await ada.delete('/v1/email/change')
      await people.move(ada, people.newEmail('thief'))

      expect((await revert(token)).body).toEqual({ email: former, outcome: 'restored' })

      expect(await ada.refresh()).toRefuse('refresh_token_invalid')
      expect(await logIn(ada.email, ada.password)).toRefuse('invalid_credentials')
      expect(await mailbox.kinds(former)).toContain('reset_after_revert')
    },
  )
})

test('of two addresses left in turn, the link of the earlier one wins in either order', async () => {
  for (const order of ['earlier first', 'later first']) {
    const ada = await people.verified()
    const [first, second] = [ada.email, people.newEmail()]
    await people.move(ada, second)
    const earlier = await mailbox.token(first, 'email_changed')
    await people.move(ada, people.newEmail())
    const later = await mailbox.token(second, 'email_changed')

    if (order === 'later first') expect((await revert(later)).body).toEqual({ email: second, outcome: 'restored' })
    expect((await revert(earlier)).body).toEqual({ email: first, outcome: 'restored' })
    if (order === 'earlier first') expect(await revert(later)).toRefuse('link_used')

    expect(await deps.db.address.count({ where: { address: { in: [first, second] }, lockedAt: null } })).toBe(1)
  }
})

test('a revert link works once', async () => {
  const { token } = await moved()
  await revert(token)

  expect(await revert(token)).toRefuse('link_used')
})

test('of concurrent requests with the links of one change, one reverts', async () => {
  const { former, token, early } = await moved()

  const answers = await Promise.all([revert(token), revert(token), revert(early)])

  expect(answers.map((answer) => answer.status).sort()).toEqual([200, 410, 410])
  expect(await deps.db.account.count({ where: { email: former } })).toBe(1)
})

test('the owner of the old address wins if a confirmation and a cancellation are concurrent', async () => {
  const { ada, former, token, confirmToken } = await moving()

  const [confirmed, reverted] = await Promise.all([confirm(confirmToken), revert(token)])

  expect(reverted.body).toEqual({ email: former, outcome: confirmed.status === 200 ? 'restored' : 'cancelled' })
  expect([200, 410]).toContain(confirmed.status)
  expect(await deps.db.account.count({ where: { email: former } })).toBe(1)
  expect(await logIn(former, ada.password)).toHaveStatus(confirmed.status === 200 ? 401 : 200)
})

test('a revert link works for seven days', async () => {
  const [inTime, late] = [await moved(), await moved()]
  clock.advance(604_800 - 60)
  expect(await revert(inTime.token)).toHaveStatus(200)

  clock.advance(61)

  expect(await revert(late.token)).toRefuse('link_expired')
  expect(await logIn(late.newEmail, late.ada.password)).toHaveStatus(200)
})

test.each(['', 'not-a-token', 'A'.repeat(43)])('the token "%s" reverts nothing', async (token) => {
  expect(await revert(token)).toRefuse('link_invalid')
})

test('a link of another purpose reverts nothing', async () => {
  const { confirmToken } = await moving()

  expect(await revert(confirmToken)).toRefuse('link_invalid')
})

test('a revert link works regardless of who is signed in', async () => {
  const eve = await people.verified()

  for (const authorization of [`Bearer ${eve.token}`, 'Bearer garbage', 'nonsense']) {
    const { former, token } = await moved()

    expect((await revert(token, { authorization })).body).toEqual({ email: former, outcome: 'restored' })
  }
  expect(await eve.get('/v1/me')).toHaveStatus(200)
})
