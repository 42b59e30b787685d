import { readFile } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'

const DOCS = new URL('../../docs/', import.meta.url)
const threatModel = await readFile(new URL('threat-model.md', DOCS), 'utf8')
const catalogue = await readFile(new URL('attack-catalogue.md', DOCS), 'utf8')

/** The attacks of the first threat model: enumeration, links, email change, passwords, tokens, the machine. */
const ATTACKS = Object.entries({ E: 7, L: 15, C: 9, P: 8, T: 8, M: 9 }).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
)
/** How many entries the catalogue has of each kind, so that a removed entry is noticed. */
const CATALOGUE = {
  ENU: 11,
  IDN: 13,
  PWD: 14,
  REG: 14,
  SES: 32,
  RST: 21,
  EML: 18,
  SVC: 22,
  HTTP: 23,
  MAIL: 15,
  REL: 20,
  LOGS: 8,
}

interface Row {
  readonly id: string
  readonly cells: readonly string[]
  readonly tests: readonly string[]
}

function rowsOf(document: string, id: RegExp): Row[] {
  return document.split('\n').flatMap((line) => {
    const cells = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim())
    if (!id.test(cells[0] ?? '')) return []
    const tests = [...line.matchAll(/\]\(\.\.\/(test\/[^)]+\.test\.ts)\)/g)].map((link) => link[1] ?? '')
    return [{ id: cells[0] ?? '', cells, tests }]
  })
}

const read = (path: string) => readFile(new URL(path, new URL('../', DOCS)), 'utf8')

describe('the threat model', () => {
  const rows = rowsOf(threatModel, /^[ELCPTM]\d+$/)

  test('has a row for every attack, and for no other', () => {
    expect(rows.map(({ id }) => id)).toEqual(ATTACKS)
  })

  test.each(rows)('names tests of $id, and each has one whose name begins with the id', async ({ id, tests }) => {
    const isAmongIds = new RegExp(`['"\`](?:[A-Z]\\d+, )*${id}(?:, [A-Z]\\d+)*:`)

    expect(tests.length).toBeGreaterThan(0)
    const named = await Promise.all(tests.map(async (path) => isAmongIds.test(await read(path))))
    expect(named).toContain(true)
  })
})

describe('the catalogue', () => {
  const rows = rowsOf(catalogue, /^[A-Z]{3,4}-\d+$/)

  test('states the outcome of every entry', () => {
    const counts: Record<string, number> = {}
    for (const { id } of rows) counts[id.replace(/-\d+$/, '')] = (counts[id.replace(/-\d+$/, '')] ?? 0) + 1

    expect(counts).toEqual(CATALOGUE)
    for (const { id, cells } of rows) {
      expect([id, ['tested', 'built in', 'not applicable', 'open'].includes(cells[2] ?? '')]).toEqual([id, true])
      expect([id, (cells[3] ?? '').length > 5]).toEqual([id, true])
    }
  })

  test('names a test for every entry that is tested, and that test exists', async () => {
    for (const { id, cells, tests } of rows) {
      if (cells[2] === 'tested') expect([id, tests.length > 0]).toEqual([id, true])
      for (const path of tests) await read(path)
    }
  })
})

test('every link in both documents leads to a file', async () => {
  for (const [, link] of `${threatModel}${catalogue}`.matchAll(/\]\(([^)#]+)\)/g)) {
    await readFile(new URL(link ?? '', DOCS))
  }
})
