import { inTransaction } from '../../../database/client.ts'
import type { Deps } from '../../../deps.ts'
import { costOf } from '../../../security/stored-password.ts'
import type { Requester } from '../../events/requester.ts'
import { type ProblemCode, problems, Refusal, type Violation } from '../../problems.ts'
import { findImported, insertUsers } from './insert-users.ts'
import { checkNewUser, combineRefusals, type NewUser, type NewUserInput, problemsOfFields } from './new-user.ts'
import { openSeenAddresses, type SeenAddresses } from './seen-addresses.ts'

/** One line of the file: the account that it describes, or the problems of its form and the fields that are readable. */
export type ImportRow = { readonly line: number } & (
  | { readonly user: NewUserInput }
  | { readonly violations: readonly Violation[]; readonly fields: Partial<NewUserInput> }
)

export interface RefusedRow {
  readonly line: number
  readonly email: string | null
  /** The code of the first problem. */
  readonly code: ProblemCode
  /** Every problem of the line, separated by spaces. */
  readonly reason: string
}

export interface ImportSummary {
  readonly imported: number
  /** Lines that an earlier run has imported, or that are in the file twice. */
  readonly alreadyThere: number
  readonly refused: number
  /** Imported password hashes whose bcrypt cost is below WEAKEST_COST: they are cheap to guess. */
  readonly weakHashes: number
}

/** OWASP's Password Storage Cheat Sheet asks for a bcrypt cost of at least 10. */
export const WEAKEST_COST = 10

export interface ImportInput {
  readonly rows: AsyncIterable<ImportRow>
  readonly by: Requester
  /** If true, the result says what would happen, and nothing is stored. */
  readonly dryRun: boolean
  readonly onBatch: (refused: readonly RefusedRow[], total: ImportSummary) => void
}

/** Large enough that round trips do not matter, and small enough that other requests wait only for a moment. */
const BATCH_SIZE = 1000

/**
 * Imports accounts in batches of one transaction each. If a run is stopped, another run completes it and imports
 * nothing twice: a row's description shows whether it has been imported already, so no progress is stored besides the
 * accounts. All problems of a row are reported at once.
 */
export async function importUsers(deps: Deps, input: ImportInput): Promise<ImportSummary> {
  const seen = input.dryRun ? await openSeenAddresses(deps.pool) : null
  const total = { imported: 0, alreadyThere: 0, refused: 0, weakHashes: 0 }
  try {
    for await (const batch of inBatches(input.rows)) {
      const { imported, alreadyThere, refused, weakHashes } = await importBatch(deps, { batch, by: input.by, seen })
      total.imported += imported
      total.alreadyThere += alreadyThere
      total.refused += refused.length
      total.weakHashes += weakHashes
      input.onBatch(refused, total)
    }
  } finally {
    await seen?.close()
  }
  return total
}

async function* inBatches(rows: AsyncIterable<ImportRow>): AsyncIterable<ImportRow[]> {
  let batch: ImportRow[] = []
  for await (const row of rows) {
    batch.push(row)
    if (batch.length < BATCH_SIZE) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

interface Batch {
  readonly batch: readonly ImportRow[]
  readonly by: Requester
  /** Null unless this is a dry run. */
  readonly seen: SeenAddresses | null
}

type Checked = { readonly line: number; readonly user: NewUser }

async function importBatch(
  deps: Deps,
  { batch, by, seen }: Batch,
): Promise<Omit<ImportSummary, 'refused'> & { refused: RefusedRow[] }> {
  const now = deps.clock.now()
  const checked = batch.map((row) => check(deps, row, now))
  const sound = checked.filter((row): row is Checked => 'user' in row)
  const users = sound.map(({ user }) => user)
  const { created, present } = seen
    ? await insertAndRollBack(deps, { users, by, now, seen })
    : await insert(deps, { users, by, now })
  const isDone = ({ user }: Checked) => created.has(user.id) || present.has(user.fingerprint)
  const taken = sound.filter((row) => !isDone(row)).map(({ line, user }) => unavailable(line, user.email))
  const unsound = checked.filter((row): row is RefusedRow => 'code' in row)
  return {
    imported: created.size,
    alreadyThere: sound.filter(isDone).length - created.size,
    refused: [...unsound, ...taken].sort((one, other) => one.line - other.line),
    weakHashes: users.filter((user) => created.has(user.id) && hasWeakHash(user)).length,
  }
}

function check(deps: Deps, row: ImportRow, now: Date): Checked | RefusedRow {
  const { line } = row
  if ('violations' in row) {
    const malformed = new Refusal('invalid_request', { violations: row.violations })
    return refusedRow(
      line,
      row.fields.email ?? null,
      combineRefusals([malformed, ...problemsOfFields(row.fields, now)]),
    )
  }
  try {
    return { line, user: checkNewUser(deps, row.user, now) }
  } catch (error) {
    if (error instanceof Refusal) return refusedRow(line, row.user.email, error)
    throw error
  }
}

function refusedRow(line: number, email: string | null, { code, details }: Refusal): RefusedRow {
  const reasons = (details.violations ?? []).map(({ field, message }) =>
    field === '' ? message : `${field}: ${message}`,
  )
  return { line, email, code, reason: reasons.length > 0 ? reasons.join(' ') : problems[code].detail }
}

function hasWeakHash({ passwordHash }: NewUser): boolean {
  return passwordHash !== null && (costOf(passwordHash) ?? WEAKEST_COST) < WEAKEST_COST
}

function unavailable(line: number, email: string): RefusedRow {
  const reason = 'The address is in use or locked, or the file has it twice with different values.'
  return { line, email, code: 'email_unavailable', reason }
}

interface Sound {
  readonly users: readonly NewUser[]
  readonly by: Requester
  readonly now: Date
}

interface Outcome {
  /** Ids of new accounts. */
  readonly created: ReadonlySet<string>
  /** Fingerprints of the accounts that existed already. */
  readonly present: ReadonlySet<string>
}

async function insert(deps: Deps, { users, by, now }: Sound, isDryRun = false): Promise<Outcome> {
  return inTransaction(deps.db, async (tx) => {
    const created = await insertUsers(deps, tx, { users, by, now })
    const rest = users.filter(({ id }) => !created.has(id))
    const outcome = { created, present: await findImported(tx, rest) }
    if (isDryRun) throw new DryRunDone(outcome)
    return outcome
  })
}

/** Rolls a dry run back and carries its result out of the transaction. */
class DryRunDone extends Error {
  readonly outcome: Outcome

  constructor(outcome: Outcome) {
    super('dry run')
    this.outcome = outcome
  }
}

/** Runs the same statements and rolls them back. A temporary table has the addresses of the earlier batches. */
async function insertAndRollBack(deps: Deps, { seen, ...sound }: Sound & { seen: SeenAddresses }): Promise<Outcome> {
  const before = await seen.find(sound.users)
  const users = sound.users.filter(({ address }) => !before.has(address))
  const outcome = await insert(deps, { ...sound, users }, true).catch((error: unknown) => {
    if (error instanceof DryRunDone) return error.outcome
    throw error
  })
  await seen.add(users.filter(({ id }) => outcome.created.has(id)))
  return { created: outcome.created, present: new Set([...outcome.present, ...before.values()]) }
}
