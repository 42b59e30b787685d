import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'

interface Area {
  readonly sources: readonly string[]
  readonly tests: readonly string[]
}

const ROOT = new URL('../../', import.meta.url)
const areas: Record<string, Area> = JSON.parse(await readFile(new URL('scripts/mutation/areas.json', ROOT), 'utf8'))
const sources = await namesIn('src', '.ts')
const tests = await namesIn('test', '.test.ts')

async function namesIn(folder: string, ending: string): Promise<string[]> {
  const names = await readdir(new URL(`${folder}/`, ROOT), { recursive: true })
  return names.filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length))
}

function matcher(pattern: string): RegExp {
  const parts: Readonly<Record<string, string>> = { '**/': '(?:.*/)?', '*': '[^/]*' }
  return new RegExp(`^${pattern.replace(/\*\*\/|\*/g, (part) => parts[part] ?? '')}$`)
}

const patterns = Object.entries(areas).flatMap(([area, mutated]) => [
  ...mutated.sources.map((pattern) => ({ area, pattern, names: sources })),
  ...mutated.tests.map((pattern) => ({ area, pattern, names: tests })),
])

test('each pattern of the mutation areas matches a file that exists', () => {
  const stale = patterns.filter(({ pattern, names }) => !names.some((name) => matcher(pattern).test(name)))

  expect(stale.map(({ area, pattern }) => `${area}: ${pattern}`)).toEqual([])
})

test('every folder of the domain belongs to a mutation area', () => {
  const mutated = Object.values(areas).flatMap((area) => area.sources.map(matcher))
  const inFolders = sources.filter((name) => /^domain\/.+\//.test(name))
  const folders = new Set(inFolders.map((name) => name.split('/')[1]))
  const covered = inFolders.filter((name) => mutated.some((pattern) => pattern.test(name)))

  expect([...folders].sort()).toEqual([...new Set(covered.map((name) => name.split('/')[1]))].sort())
})
