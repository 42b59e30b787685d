/**
 * The rules for two accounts that share a few addresses: an address belongs to one account for ever, an account has one
 * password, and which sessions and links work. The model has no database, no time and no mail.
 */
export interface ModelSession {
  accessToken: string
  refreshToken: string
  readonly sessionId: string
}

export interface ModelReset {
  readonly token: string
  /** The epoch of the account when the link was mailed. Every later credential change invalidates the link. */
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
  /** Whether the account has returned to one of those addresses since. Its revert links no longer work then. */
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

  /** A credential change: it ends all earlier links, and all sessions except this one. */
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

  /** The addresses of the confirmed changes that were not reverted, in the order in which the account had them. */
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

  /** What the revert link of a change would do now: restore the old address, cancel the pending change, or nothing. */
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
