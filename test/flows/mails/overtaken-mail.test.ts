import { expect, test } from '@jest/globals'
import { addMailJob, type RequestedMail } from '../../../src/domain/mails/mail-jobs.ts'
import { createMailSender } from '../../../src/worker/mail-lanes.ts'
import { untilWaitingForLocks } from '../../support/lock-waits.ts'
import '../../support/matchers.ts'
import { openSupportDesk } from '../../support/support-desk.ts'
import { startTestApp } from '../../support/test-app.ts'

/** A mail may wait in the queue for days. What is true when it is sent decides, not what was true when it was requested. */
const testApp = await startTestApp()
const { api, deps, mailbox, mailer, people } = testApp
const desk = await openSupportDesk(testApp)

const NEW_PASSWORD = 'Battery-Staple-8'
const forgot = (email: string) => api.post('/v1/password/forgot', { email })
const reset = (token: string) => api.post('/v1/password/reset', { token, newPassword: NEW_PASSWORD })

/** Takes a mail's job out of the queue, so that the others go first. Returns a function that puts it back. */
async function holdBack(request: RequestedMail, address: string): Promise<() => Promise<void>> {
  const { id } = await deps.db.mail.findFirstOrThrow({ where: { request, address } })
  await deps.pool.query('SELECT graphile_worker.remove_job($1)', [`mail ${id}`])
  return () => queueAgain(id)
}

/** Makes the state that a process leaves that was killed after the provider's answer and before it stored that answer. */
async function killedBeforeItsNote(request: RequestedMail, address: string): Promise<void> {
  const { id } = await deps.db.mail.findFirstOrThrow({ where: { request, address } })
  await deps.db.mail.update({ where: { id }, data: { state: 'sending', sentAt: null } })
  await queueAgain(id)
}

async function queueAgain(mailId: string): Promise<void> {
  const mail = await deps.db.mail.findUniqueOrThrow({ where: { id: mailId } })
  await deps.db.$transaction((tx) => addMailJob(tx, { ...mail, request: mail.request as RequestedMail }, 0))
}

/** Somebody who has taken the old address back and has no password, with the instructions still in the queue. */
async function reverted() {
  const ada = await people.verified()
  const former = ada.email
  const id = await desk.idOf(former)
  await people.move(ada, people.newEmail('moved'))
  await api.post('/v1/email/change/revert', { token: await mailbox.token(former, 'email_changed') })
  return { id, former }
}

test('instructions that Support sent go to nobody once the account has another address', async () => {
  const ada = await people.verified()
  const former = ada.email
  const id = await desk.idOf(former)
  const newEmail = people.newEmail('moved')
  await ada.changeEmail(newEmail)
  const confirm = await mailbox.token(newEmail, 'confirm_email')

  await desk.post(`/users/${id}/password-reset`)
  await api.post('/v1/email/change/confirm', { token: confirm })

  expect(await mailbox.endOf('reset_by_support', former)).toEqual({
    state: 'not_needed',
    reason: 'the account has another address by now',
  })
  expect(await mailbox.kinds(former)).not.toContain('reset_password')
})

test('instructions that Support sent are not mailed once the account is disabled', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)

  await desk.post(`/users/${id}/password-reset`)
  await desk.patch(`/users/${id}`, { disabled: true })

  expect(await mailbox.endOf('reset_by_support', ada.email)).toEqual({
    state: 'not_needed',
    reason: 'the account is disabled',
  })
  expect(await mailbox.kinds(ada.email)).not.toContain('reset_password')
})

test('the instructions after a revert are not mailed once the account is disabled', async () => {
  const { id, former } = await reverted()

  await desk.patch(`/users/${id}`, { disabled: true })

  expect(await mailbox.endOf('reset_after_revert', former)).toMatchObject({ state: 'not_needed' })
  expect(await mailbox.kinds(former)).not.toContain('reset_after_revert')
})

test('the instructions after a revert are not mailed once a password was chosen by another link', async () => {
  const { former } = await reverted()
  const putBack = await holdBack('reset_after_revert', former)

  await forgot(former)
  await reset(await mailbox.token(former, 'reset_password'))
  await putBack()

  expect(await mailbox.endOf('reset_after_revert', former)).toMatchObject({ state: 'not_needed' })
  expect(await mailbox.kinds(former)).not.toContain('reset_after_revert')
})

test('a registration of an address that has been locked since gets no link', async () => {
  const email = people.newEmail('claimed')
  await api.post('/v1/register', { email, password: 'Correct-Horse-7' })
  await mailbox.drain()
  const ada = await people.verified()
  await people.move(ada, email)
  await people.move(ada, people.newEmail('away'))

  const { body } = await forgot(email)
  await mailbox.drain()

  expect((await desk.get(`/receipts/${body.receipt}`)).body).toMatchObject({ state: 'no_account' })
  expect(await mailbox.kinds(email)).not.toContain('reset_password')
})

test('an email change that is cancelled before its mails are sent is reported to neither address', async () => {
  const ada = await people.verified()
  const newEmail = people.newEmail('moved')

  const mails = await mailbox.during(async () => {
    await ada.changeEmail(newEmail)
    await ada.delete('/v1/email/change')
  })

  expect(mails).toEqual([])
  expect(await mailbox.endOf('confirm_email', newEmail)).toEqual({ state: 'not_needed', reason: 'the change is over' })
  expect(await mailbox.endOf('email_change_requested', ada.email)).toEqual({
    state: 'not_needed',
    reason: 'the change is over',
  })
})

test('an email change that expires before its mails are sent is reported to neither address', async () => {
  const ada = await people.verified()

  const mails = await mailbox.during(async () => {
    await ada.changeEmail(people.newEmail('moved'))
    testApp.clock.advance(deps.config.lifetimes.verifyToken)
  })

  expect(mails).toEqual([])
})

test('an email change that is confirmed before its first notice is sent still gives the old address both links, and no other link is mailed twice', async () => {
  const ada = await people.verified()
  const former = ada.email
  const newEmail = people.newEmail('moved')
  await ada.changeEmail(newEmail)
  const putBack = await holdBack('email_change_requested', former)
  await api.post('/v1/email/change/confirm', { token: await mailbox.token(newEmail, 'confirm_email') })
  await putBack()
  await killedBeforeItsNote('confirm_email', newEmail)

  await mailbox.drain()

  expect((await mailbox.kinds(former)).sort()).toEqual(['email_change_requested', 'email_changed', 'verify_email'])
  expect(await mailbox.endOf('confirm_email', newEmail)).toEqual({ state: 'not_needed', reason: 'the change is over' })
  expect(await mailbox.kinds(newEmail)).toEqual(['confirm_email'])
})

test('an email change that is reverted before the notice of its confirmation is sent needs no such notice', async () => {
  const ada = await people.verified()
  const former = ada.email
  const newEmail = people.newEmail('moved')
  await ada.changeEmail(newEmail)
  const early = await mailbox.token(former, 'email_change_requested')
  await api.post('/v1/email/change/confirm', { token: await mailbox.token(newEmail, 'confirm_email') })

  await api.post('/v1/email/change/revert', { token: early })

  expect(await mailbox.endOf('email_changed', former)).toEqual({ state: 'not_needed', reason: 'the change is over' })
  expect(await mailbox.kinds(former)).not.toContain('email_changed')
})

test('a confirm mail that is sent late names the time that its link still works', async () => {
  const ada = await people.verified()
  const newEmail = people.newEmail('moved')
  await ada.changeEmail(newEmail)

  testApp.clock.advance(20.5 * 3600)

  const [mail] = await mailbox.to(newEmail)
  expect(mail?.text).toContain('works for 3 hours')
})

test('a mail whose job runs again after it was sent is not sent again', async () => {
  const ada = await people.verified()
  await forgot(ada.email)
  await mailbox.drain()
  const mail = await deps.db.mail.findFirstOrThrow({ where: { request: 'reset_password', address: ada.email } })

  await queueAgain(mail.id)
  await mailbox.drain()

  expect(await deps.db.mail.findUnique({ where: { id: mail.id } })).toEqual(mail)
  expect((await mailbox.kinds(ada.email)).filter((kind) => kind === 'reset_password')).toHaveLength(1)
})

test('reset instructions go to nobody if the account leaves the address while the worker waits for the account', async () => {
  const ada = await people.verified()
  await forgot(ada.email)
  const { id } = await deps.db.mail.findFirstOrThrow({ where: { request: 'reset_password', address: ada.email } })
  const change = await deps.pool.connect()
  await change.query('BEGIN')
  await change.query('SELECT FROM accounts WHERE email = $1 FOR UPDATE', [ada.email])

  const sending = createMailSender(deps, mailer)(id)
  await untilWaitingForLocks(deps.pool, 1)
  await change.query(`UPDATE addresses SET locked_at = now(), lock_reason = 'email_changed' WHERE address = $1`, [
    ada.email,
  ])
  await change.query('COMMIT')
  change.release()
  await sending

  expect(await mailbox.endOf('reset_password', ada.email)).toMatchObject({ state: 'no_account' })
  expect(await mailbox.kinds(ada.email)).not.toContain('reset_password')
})
