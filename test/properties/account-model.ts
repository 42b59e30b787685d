/**
 * What must hold of two accounts that share a handful of addresses, and no more: one owner for each address for good,
 * one password, and which sessions and links are alive. No database, no time, no mail.
 */
export interface ModelSession {
  accessToken: string
  refreshToken: string
  readonly sessionId: string
}

export interface ModelReset {
  readonly token: string
  /** The account's when it was mailed: any credential change since has ended it. */
  readonly epoch: number
  isSpent: boolean
}

export interface ModelChange {
  readonly from: string
  readonly to: string
  readonly sessionId: string
  confirmToken: string
  readonly revertLinks: Array<{ readonly token: string; isSpent: boolean }>
  /** The addresses that had the account before `from`, when the change was requested. */
  readonly earlier: readonly string[]
  /** Whether the account has returned to one of those since: the revert links are over. */
  isOutranked: boolean
  state: 'pending' | 'ended' | 'confirmed' | 'reverted'
}

export class ModelAccount {
  readonly owners: Map<string, ModelAccount>
  readonly former = new Set<string>()
  readonly oldPasswords: string[] = []
  readonly resets: ModelReset[] = []
  readonly changes: ModelChange[] = []
  /** The confirmed changes that were not reverted, in the order of their confirmation. */
  moves: ModelChange[] = []
  readonly deadSessions: ModelSession[] = []
  sessions: ModelSession[] = []
  email: string
  password: string | null
  epoch = 0

  constructor(owners: Map<string, ModelAccount>, email: string, password: string) {
    this.owners = owners
    this.email = email
    this.password = password
    owners.set(email, this)
  }

  isAlive(reset: ModelReset): boolean {
    return !reset.isSpent && reset.epoch === this.epoch
  }

  mayHave(address: string): boolean {
    return (this.owners.get(address) ?? this) === this
  }

  endSessions(isSpared: (session: ModelSession) => boolean = () => false): void {
    this.deadSessions.push(...this.sessions.filter((session) => !isSpared(session)))
    this.sessions = this.sessions.filter(isSpared)
  }

  endPending(isSpared: (change: ModelChange) => boolean = () => false): void {
    for (const change of this.changes) if (change.state === 'pending' && !isSpared(change)) change.state = 'ended'
  }

  /** Every credential change: links of before die, and all sessions but the one it spares. */
  changeCredentials(survivingSessionId?: string): void {
    this.epoch += 1
    this.endPending()
    this.endSessions(({ sessionId }) => sessionId === survivingSessionId)
  }

  setPassword(password: string | null): void {
    if (this.password !== null) this.oldPasswords.push(this.password)
    this.password = password
  }

  moveTo(address: string): void {
    this.former.add(this.email)
    this.former.delete(address)
    this.email = address
    this.owners.set(address, this)
  }

  request(wanted: Pick<ModelChange, 'to' | 'sessionId' | 'confirmToken' | 'revertLinks'>): ModelChange {
    this.endPending()
    const earlier = this.#order().slice(0, Math.max(0, this.#order().indexOf(this.email)))
    const change: ModelChange = { ...wanted, from: this.email, earlier, isOutranked: false, state: 'pending' }
    this.changes.push(change)
    return change
  }

  /** The addresses of the moves that stand, by who held the account first. */
  #order(): string[] {
    const [first] = this.moves
    return first ? [...new Set([first.from, ...this.moves.map(({ to }) => to)])] : []
  }

  confirm(change: ModelChange): void {
    change.state = 'confirmed'
    this.moves.push(change)
    for (const other of this.changes) if (other.earlier.includes(change.to)) other.isOutranked = true
    this.moveTo(change.to)
    this.changeCredentials(change.sessionId)
  }

  /** What the link of a change would do now: put its old address back, give up whatever is pending, or nothing. */
  reversalOf(change: ModelChange): 'restore' | 'cancel' | 'nothing' {
    if (change.state === 'reverted' || change.isOutranked) return 'nothing'
    if (change.state === 'confirmed' || this.email !== change.from) return 'restore'
    return this.changes.some(({ state }) => state === 'pending') ? 'cancel' : 'nothing'
  }

  /** Cancelling from the old address ends the session that requested the change. */
  cancel(): void {
    const requested = this.changes.find(({ state }) => state === 'pending')
    this.endPending()
    this.endSessions(({ sessionId }) => sessionId !== requested?.sessionId)
  }

  restore(change: ModelChange): void {
    this.moveTo(change.from)
    this.setPassword(null)
    this.changeCredentials()
    for (const later of this.changes.slice(this.changes.indexOf(change))) {
      later.state = 'reverted'
      for (const link of later.revertLinks) link.isSpent = true
    }
    this.moves = this.moves.filter(({ state }) => state !== 'reverted')
  }
}
