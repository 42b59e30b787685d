import { closeSync, fstatSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { SingleBar } from 'cli-progress'
import { Compile } from 'typebox/compile'
import type { Config } from '../config/config.ts'
import type { Violation } from '../domain/problems.ts'
import {
  type ImportRow,
  type ImportSummary,
  importUsers,
  type RefusedRow,
} from '../domain/support/import/import-users.ts'
import type { NewUserInput } from '../domain/support/import/new-user.ts'
import { parseStrictJson, UnreadableBody, WHOLE_BODY } from '../http/bodies/strict-json.ts'
import { Type } from '../http/openapi/schema-types.ts'
import { messageOf } from '../http/problems/value-messages.ts'
import { newUserFields } from '../http/support-schemas.ts'
import { CommandRefused, operator, withDeps } from './command-line.ts'
import { type Line, LONGEST_LINE_BYTES, readLines } from './read-lines.ts'

/** A line has the form of the body of POST /v1/admin/users. */
const NewUser = Compile(Type.Object(newUserFields, { additionalProperties: false }))
const WHOLE_LINE = 'The line must be a JSON object.'

/** Imports a file, shows its progress on a terminal, and writes the refused lines to the report. */
export async function importFile(
  config: Config,
  input: { file: string; report: string; dryRun: boolean },
): Promise<ImportSummary & { seconds: number }> {
  const { file, dryRun } = input
  const size = checkFile(file)
  const report = openReport(input.report)
  const bar = startBar(size)
  const startedAt = performance.now()
  let bytesRead = 0
  let done: ImportSummary = { imported: 0, alreadyThere: 0, refused: 0, weakHashes: 0 }
  const rows = readRows(file, (bytes) => {
    bytesRead = bytes
  })
  try {
    const summary = await withDeps(config, (deps) =>
      importUsers(deps, {
        rows,
        dryRun,
        by: operator(),
        onBatch(refused, total) {
          report.add(refused)
          done = { ...total }
          bar?.update(bytesRead, { ...total })
        },
      }),
    )
    return { ...summary, seconds: Math.round((performance.now() - startedAt) / 100) / 10 }
  } catch (error) {
    // The imported accounts stay, so the operator must see the counts although the command fails.
    const { imported, alreadyThere, refused } = done
    const counts = `${imported} imported, ${alreadyThere} there already, ${refused} refused`
    process.stderr.write(`The import stopped early: ${counts}. Run it again to continue.\n`)
    throw error
  } finally {
    bar?.stop()
    report.close()
  }
}

/**
 * @returns its size in bytes.
 * @throws {CommandRefused} if the file is one JSON array. Its last object could be read as a line, and the others not.
 */
function checkFile(file: string): number {
  const descriptor = openSync(file, 'r')
  try {
    const start = Buffer.alloc(4_096)
    const length = readSync(descriptor, start)
    if (/^\uFEFF?\s*\[/.test(start.subarray(0, length).toString())) {
      throw new CommandRefused(
        'json_array',
        `${file} is one JSON array. Write one object per line instead: jq -c '.[]' ${file} > users.ndjson`,
      )
    }
    return fstatSync(descriptor).size
  } finally {
    closeSync(descriptor)
  }
}

function startBar(bytes: number): SingleBar | null {
  if (!process.stderr.isTTY) return null
  const format =
    '{bar} {percentage}% | {imported} imported, {alreadyThere} there already, {refused} refused | {eta_formatted} left'
  const bar = new SingleBar({ format, stream: process.stderr, hideCursor: true })
  bar.start(bytes, 0, { imported: 0, alreadyThere: 0, refused: 0 })
  return bar
}

/**
 * Opens the report before the first account is imported, so that an import that cannot write its report does not start.
 * Only the owner of the file may read it. A report without lines is removed at the end.
 */
function openReport(path: string): { add(rows: readonly RefusedRow[]): void; close(): void } {
  rmSync(path, { force: true })
  const descriptor = openSync(path, 'w', 0o600)
  let isEmpty = true
  return {
    add(rows) {
      if (rows.length === 0) return
      isEmpty = false
      writeSync(descriptor, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    },
    close() {
      closeSync(descriptor)
      if (isEmpty) rmSync(path, { force: true })
    },
  }
}

async function* readRows(file: string, onRead: (bytes: number) => void): AsyncGenerator<ImportRow> {
  for await (const line of readLines(file)) {
    onRead(line.end)
    const isBlank = line.text?.toString('latin1').trim() === ''
    if (!isBlank) yield toRow(line)
  }
}

function toRow({ number: line, text }: Line): ImportRow {
  if (text === null) return unreadable(line, `The line is longer than ${LONGEST_LINE_BYTES} bytes.`)
  try {
    const value = withoutNulls(parseStrictJson(text))
    if (NewUser.Check(value)) return { line, user: value }
    const violations = violationsIn(value)
    return { line, violations, fields: fieldsWithout(value, violations) }
  } catch (error) {
    if (error instanceof UnreadableBody) return { line, violations: [ofWholeLine(error.violation)], fields: {} }
    throw error
  }
}

function violationsIn(value: unknown): Violation[] {
  return NewUser.Errors(value).flatMap(({ keyword, params, instancePath }) => {
    const { requiredProperties = [], additionalProperties = [] } = params as Record<string, string[]>
    const missing = requiredProperties.map((field) => ({ field, rule: 'required', message: 'This field is missing.' }))
    const unknown = additionalProperties.map((field) => ({
      field,
      rule: 'unknown',
      message: 'This field is unknown.',
    }))
    if (keyword === 'required' || keyword === 'additionalProperties') return [...missing, ...unknown]
    if (keyword === 'boolean') return [] // typebox reports an unknown field a second time, under this keyword
    const field = instancePath.slice(1)
    return [{ field, rule: keyword, message: field === '' ? WHOLE_LINE : messageOf({ keyword, params }) }]
  })
}

/** The fields that have the right form. Their content is checked although the line is refused in any case. */
function fieldsWithout(value: unknown, violations: readonly Violation[]): Partial<NewUserInput> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
  const malformed = new Set(violations.map(({ field }) => field))
  return Object.fromEntries(Object.entries(value).filter(([field]) => !malformed.has(field)))
}

/** Exports write null for a field that a person does not have. */
function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null))
}

/** A body names itself as the field of such a violation. A line has no name. */
function ofWholeLine(violation: Violation): Violation {
  return violation.field === WHOLE_BODY ? { ...violation, field: '' } : violation
}

function unreadable(line: number, message: string): ImportRow {
  return { line, violations: [{ field: '', rule: 'length', message }], fields: {} }
}
