import { expect } from '@jest/globals'
import fc from 'fast-check'
import '../support/matchers.ts'
import type { Answer } from '../support/api.ts'
import type { TestApp } from '../support/test-app.ts'
import type { ModelAccount, ModelChange, ModelSession } from './account-model.ts'

export interface Model {
  readonly accounts: readonly [ModelAccount, ModelAccount]
  readonly addresses: readonly string[]
}

export type Real = Pick<TestApp, 'api' | 'mailbox'>
type Operation = fc.AsyncCommand<Model, Real>
type Pick_ = { readonly who: 0 | 1; readonly which: number }

let lastPassword = 0
const newPassword = () => `Model-Password-${++lastPassword}`

function chosen<Item>(items: readonly Item[], which: number): Item | undefined {
  return items.length === 0 ? undefined : items[which % items.length]
}

/** An operation of one account on one of its sessions, links or changes. It is skipped if the account has none. */
function operation<Thing>(
  name: string,
  { who, which }: Pick_,
  things: (account: ModelAccount) => readonly Thing[],
  perform: (account: ModelAccount, thing: Thing, real: Real, model: Model) => Promise<void>,
): Operation {
  return {
    check: ({ accounts }) => things(accounts[who]).length > 0,
    async run(model, real) {
      const account = model.accounts[who]
      const thing = chosen(things(account), which)
      if (thing === undefined) return
      await perform(account, thing, real, model)
      for (const each of model.accounts) await expectToHold(each, real)
    },
    toString: () => `${name}(${who}, ${which})`,
  }
}

const sessionsOf = (account: ModelAccount) => account.sessions
const onceEach = (account: ModelAccount) => [account]

const logIn = (pick: Pick_) =>
  operation('logIn', pick, onceEach, async (account, _, { api }) => {
    if (account.password === null || account.sessions.length >= 5) return
    const answer = await api.post('/v1/login', { email: account.email, password: account.password })
    expect(answer).toHaveStatus(200)
    account.sessions.push(answer.body)
  })

const refresh = (pick: Pick_) =>
  operation('refresh', pick, sessionsOf, async (_, session, { api }) => {
    const answer = await api.post('/v1/token/refresh', { refreshToken: session.refreshToken })
    expect(answer).toHaveStatus(200)
    Object.assign(session, answer.body)
  })

const logOut = (pick: Pick_) =>
  operation('logOut', pick, sessionsOf, async (account, session, { api }) => {
    expect(await api.post('/v1/logout', { refreshToken: session.refreshToken })).toHaveStatus(204)
    account.endSessions((each) => each !== session)
  })

const revokeOthers = (pick: Pick_) =>
  operation('revokeOthers', pick, sessionsOf, async (account, session, real) => {
    const { accessToken } = await renew(session, real)
    expect(await real.api.delete('/v1/sessions', { token: accessToken })).toHaveStatus(200)
    account.endPending((change) => change.sessionId === session.sessionId)
    account.endSessions((each) => each === session)
  })

const changePassword = (pick: Pick_) =>
  operation('changePassword', pick, sessionsOf, async (account, session, real) => {
    const { accessToken } = await renew(session, real)
    const body = { currentPassword: account.password, newPassword: newPassword() }
    const answer = await real.api.post('/v1/password/change', body, { token: accessToken })
    expect(answer).toHaveStatus(200)
    account.setPassword(body.newPassword)
    account.changeCredentials(session.sessionId)
    Object.assign(session, answer.body)
  })

const forgot = (pick: Pick_) =>
  operation('forgot', pick, onceEach, async (account, _, { api, mailbox }) => {
    const before = await countMails(mailbox, account.email, 'reset_password')
    expect(await api.post('/v1/password/forgot', { email: account.email })).toHaveStatus(202)
    const isMailed = (await countMails(mailbox, account.email, 'reset_password')) > before
    const live = account.resets.filter((reset) => account.isAlive(reset)).length
    expect(isMailed || live >= 3 || before >= 10).toBe(true)
    if (!isMailed) return
    const token = await mailbox.token(account.email, 'reset_password')
    account.resets.push({ token, epoch: account.epoch, isSpent: false })
  })

const reset = (pick: Pick_) =>
  operation(
    'reset',
    pick,
    ({ resets }) => resets,
    async (account, link, { api }) => {
      const isAlive = account.isAlive(link)
      const password = newPassword()
      const answer = await api.post('/v1/password/reset', { token: link.token, newPassword: password })
      if (!isAlive) return expectDead(answer)
      expect(answer).toHaveStatus(204)
      link.isSpent = true
      account.setPassword(password)
      account.changeCredentials()
    },
  )

const changeEmail = (pick: Pick_, address: number) =>
  operation('changeEmail', pick, sessionsOf, async (account, session, real, { addresses }) => {
    const to = chosen(addresses, address) ?? ''
    const { accessToken: token } = await renew(session, real)
    const body = { newEmail: to, currentPassword: account.password }
    const answer = await real.api.post('/v1/email/change', body, { token })
    if (to === account.email) return expect(answer).toRefuse('email_unchanged')
    if (!account.mayHave(to)) return expect(answer).toRefuse('email_unavailable')
    expect(answer).toHaveStatus(202)
    account.request({
      to,
      sessionId: session.sessionId,
      confirmToken: await real.mailbox.token(to, 'confirm_email'),
      revertLinks: [{ token: await real.mailbox.token(account.email, 'email_change_requested'), isSpent: false }],
    })
  })

const cancelEmailChange = (pick: Pick_) =>
  operation('cancelEmailChange', pick, sessionsOf, async (account, session, real) => {
    const { accessToken: token } = await renew(session, real)
    const isPending = account.changes.some(({ state }) => state === 'pending')
    expect(await real.api.delete('/v1/email/change', { token })).toHaveStatus(isPending ? 204 : 404)
    account.endPending()
  })

const changesOf = ({ changes }: ModelAccount) => changes

const confirm = (pick: Pick_) =>
  operation('confirm', pick, changesOf, async (account, change, { api, mailbox }) => {
    const answer = await api.post('/v1/email/change/confirm', { token: change.confirmToken })
    if (change.state !== 'pending') return expectDead(answer)
    if (!account.mayHave(change.to)) return expect(answer).toRefuse('email_unavailable')
    expect(answer.body).toEqual({ email: change.to })
    account.confirm(change)
    change.revertLinks.push({ token: await mailbox.token(change.from, 'email_changed'), isSpent: false })
  })

const revert = (pick: Pick_, which: number) =>
  operation('revert', pick, changesOf, async (account, change, real) => {
    const link = chosen(change.revertLinks, which)
    await expectReverted({ account, change, link }, await openRevertLink(link, real), real)
  })

/** The account requests one more change, and the worker sends its mails while an earlier change is reverted. */
const revertWhileMailing = (pick: Pick_, which: number) =>
  operation('revertWhileMailing', pick, changesOf, async (account, change, real) => {
    const session = chosen(account.sessions, which)
    if (!session) return
    const home = account.email
    const before = (await real.mailbox.to(home)).length
    const to = newAddress()
    const { accessToken: token } = await renew(session, real)
    const body = { newEmail: to, currentPassword: account.password }
    expect(await real.api.post('/v1/email/change', body, { token })).toHaveStatus(202)
    const requested = account.request({ to, sessionId: session.sessionId, confirmToken: '', revertLinks: [] })
    const link = chosen(change.revertLinks, which)

    const [answer] = await Promise.all([openRevertLink(link, real), real.mailbox.drain()])

    await expectReverted({ account, change, link }, answer, real)
    const notices = (await real.mailbox.to(home)).slice(before).filter(({ kind }) => kind === 'email_change_requested')
    for (const { token } of notices) {
      if (token) requested.revertLinks.push({ token, isSpent: requested.state === 'reverted' })
    }
    const confirmation = (await real.mailbox.to(to)).find(({ kind }) => kind === 'confirm_email')
    requested.confirmToken = confirmation?.token ?? ''
  })

let lastAddress = 0

function newAddress(): string {
  lastAddress += 1
  return `mailed-meanwhile.${lastAddress}@example.com`
}

type RevertLink = ModelChange['revertLinks'][number]

function openRevertLink(link: RevertLink | undefined, { api }: Real): Promise<Answer> {
  return api.post('/v1/email/change/revert', { token: link?.token ?? '' })
}

/** Compares the answer of a revert with the model, and updates the model. */
async function expectReverted(
  opened: { account: ModelAccount; change: ModelChange; link: RevertLink | undefined },
  answer: Answer,
  { mailbox }: Real,
): Promise<void> {
  const { account, change, link } = opened
  const reversal = account.reversalOf(change)
  if (!link || link.isSpent || reversal === 'nothing') return expectDead(answer)
  link.isSpent = true
  if (reversal === 'cancel') account.cancel()
  else account.restore(change)
  expect(answer.body).toEqual({ email: account.email, outcome: reversal === 'cancel' ? 'cancelled' : 'restored' })
  if (reversal === 'cancel') return
  const token = await mailbox.token(change.from, 'reset_after_revert')
  account.resets.push({ token, epoch: account.epoch, isSpent: false })
}

async function renew(session: ModelSession, { api }: Real): Promise<ModelSession> {
  const answer = await api.post('/v1/token/refresh', { refreshToken: session.refreshToken })
  expect(answer).toHaveStatus(200)
  return Object.assign(session, answer.body)
}

async function countMails(mailbox: Real['mailbox'], email: string, kind: string): Promise<number> {
  return (await mailbox.kinds(email)).filter((each) => each === kind).length
}

function expectDead(answer: Answer): void {
  expect([400, 410]).toContain(answer.status)
}

let lastNetwork = 0

/** A network from which nobody has guessed yet, so that the throttle on a network does not refuse the request. */
function elsewhere(): string {
  lastNetwork += 1
  return `10.${(lastNetwork >> 16) & 255}.${(lastNetwork >> 8) & 255}.${lastNetwork & 255}`
}

/** Exactly one address with exactly one password can sign in to an account. */
async function expectToHold(account: ModelAccount, { api }: Real): Promise<void> {
  const signIn = (email: string, password: string) => api.post('/v1/login', { email, password }, { ip: elsewhere() })
  const oldPassword = account.oldPasswords.at(-1)
  if (oldPassword !== undefined) expect(await signIn(account.email, oldPassword)).toRefuse('invalid_credentials')
  if (account.password === null) return
  for (const former of [...account.former].slice(-1)) {
    expect(await signIn(former, account.password)).toRefuse('invalid_credentials')
  }
  const answer = await api.post('/v1/login', { email: account.email, password: account.password })
  expect(answer).toHaveStatus(200)
  expect(await api.post('/v1/logout', { refreshToken: answer.body.refreshToken })).toHaveStatus(204)
}

/** Tries every session and every link of the run once more. */
export async function expectTheWholeToHold({ accounts }: Model, real: Real): Promise<void> {
  for (const account of accounts) {
    for (const session of account.sessions) {
      const { accessToken: token } = await renew(session, real)
      expect((await real.api.get('/v1/me', { token })).body.email).toBe(account.email)
    }
    for (const { accessToken: token, refreshToken } of account.deadSessions) {
      expect(await real.api.post('/v1/token/refresh', { refreshToken })).toHaveStatus(401)
      expect(await real.api.get('/v1/me', { token })).toRefuse('unauthenticated')
    }
    for (const link of account.resets.filter((each) => !account.isAlive(each))) {
      expectDead(await real.api.post('/v1/password/reset/check', { token: link.token }))
    }
    for (const change of account.changes.filter(isOver)) {
      expectDead(await real.api.post('/v1/email/change/confirm', { token: change.confirmToken }))
    }
    for (const change of account.changes.filter((each) => account.reversalOf(each) === 'nothing')) {
      for (const link of change.revertLinks) expectDead(await openRevertLink(link, real))
    }
  }
}

function isOver({ state }: ModelChange): boolean {
  return state !== 'pending'
}

const pick: fc.Arbitrary<Pick_> = fc.record({ who: fc.constantFrom<0 | 1>(0, 1), which: fc.nat(7) })

/** The operations. Signing in is chosen more often, because most others need a session. */
export const operations: fc.Arbitrary<Operation>[] = [
  pick.map(logIn),
  pick.map(logIn),
  pick.map(refresh),
  pick.map(logOut),
  pick.map(revokeOthers),
  pick.map(changePassword),
  pick.map(forgot),
  pick.map(reset),
  fc.tuple(pick, fc.nat(7)).map(([who, address]) => changeEmail(who, address)),
  fc.tuple(pick, fc.nat(7)).map(([who, address]) => changeEmail(who, address)),
  pick.map(cancelEmailChange),
  pick.map(confirm),
  pick.map(confirm),
  fc.tuple(pick, fc.nat(1)).map(([who, link]) => revert(who, link)),
  fc.tuple(pick, fc.nat(1)).map(([who, link]) => revertWhileMailing(who, link)),
]
