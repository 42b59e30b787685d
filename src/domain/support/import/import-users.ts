import { inTransaction } from '../../../database/client.ts'
import type { Deps } from '../../../deps.ts'
import type { Requester } from '../../events/requester.ts'
import { type ProblemCode, problems, Refusal, type Violation } from '../../problems.ts'
import { findImported, insertUsers } from './insert-users.ts'
import { checkNewUser, type NewUser, type NewUserInput } from './new-user.ts'
import { openSeenAddresses, type SeenAddresses } from './seen-addresses.ts'

/** One line of the file: what it describes, or why it cannot be read. */
export type ImportRow = { readonly line: number } & (
  | { readonly user: NewUserInput }
  | { readonly violation: Violation; readonly email: string | null }
)

export interface RefusedRow {
  readonly line: number
  readonly email: string | null
  readonly code: ProblemCode
  readonly reason: string
}

export interface ImportSummary {
  readonly imported: number
  /** Imported by an earlier run of the same lines, or standing in the file twice. */
  readonly alreadyThere: number
  readonly refused: number
}

export interface ImportInput {
  readonly rows: AsyncIterable<ImportRow>
  readonly by: Requester
  /** Says what would happen, and leaves nothing behind. */
  readonly dryRun: boolean
  readonly onBatch: (refused: readonly RefusedRow[], total: ImportSummary) => void
}

/** Large enough that the round trip does not count, small enough that a batch is a moment for everybody else. */
const BATCH_SIZE = 1000

/**
 * Imports accounts in batches, each one transaction: whatever stops a run, running it again completes it with nothing
 * twice. A row's own description says whether it is there already, so no progress is kept anywhere but in the accounts.
 */
export async function importUsers(deps: Deps, input: ImportInput): Promise<ImportSummary> {
  const seen = input.dryRun ? await openSeenAddresses(deps.pool) : null
  const total = { imported: 0, alreadyThere: 0, refused: 0 }
  try {
    for await (const batch of inBatches(input.rows)) {
      const { imported, alreadyThere, refused } = await importBatch(deps, { batch, by: input.by, seen })
      total.imported += imported
      total.alreadyThere += alreadyThere
      total.refused += refused.length
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
  /** Where nothing is to stay. */
  readonly seen: SeenAddresses | null
}

type Checked = { readonly line: number; readonly user: NewUser }

async function importBatch(
  deps: Deps,
  { batch, by, seen }: Batch,
): Promise<{ imported: number; alreadyThere: number; refused: RefusedRow[] }> {
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
  }
}

function check(deps: Deps, row: ImportRow, now: Date): Checked | RefusedRow {
  const { line } = row
  if ('violation' in row) {
    return refusedRow(line, row.email, new Refusal('invalid_request', { violations: [row.violation] }))
  }
  try {
    return { line, user: checkNewUser(deps, row.user, now) }
  } catch (error) {
    if (error instanceof Refusal) return refusedRow(line, row.user.email, error)
    throw error
  }
}

function refusedRow(line: number, email: string | null, { code, details }: Refusal): RefusedRow {
  const [violation] = details.violations ?? []
  const reason = violation ? `${violation.field}: ${violation.message}` : problems[code].detail
  return { line, email, code, reason }
}

function unavailable(line: number, email: string): RefusedRow {
  const reason = 'The address is in use, locked, or the file has it twice with different values.'
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
  /** Fingerprints of those that were there. */
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

/** Rolls a dry run back and brings its result out of the transaction. */
class DryRunDone extends Error {
  readonly outcome: Outcome

  constructor(outcome: Outcome) {
    super('dry run')
    this.outcome = outcome
  }
}

/** The very same statements, rolled back; what earlier batches would have left is remembered beside the tables. */
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
