import { readdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { expect, test } from '@jest/globals'

const sources = await readSources('src')
const tests = await readSources('test')

async function readSources(folder: string): Promise<Array<{ name: string; code: string }>> {
  const root = new URL(`../../${folder}/`, import.meta.url)
  const names = (await readdir(root, { recursive: true })).filter(
    (name) => name.endsWith('.ts') && !name.includes('generated'),
  )
  return Promise.all(
    names.map(async (name) => ({ name, code: withoutComments(await readFile(new URL(name, root), 'utf8')) })),
  )
}

/** Only code is searched, because a comment may name what the code must not do. */
function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')
}

function filesWith(pattern: RegExp): string[] {
  return sources.filter(({ code }) => pattern.test(code)).map(({ name }) => name)
}

test('time comes from the clock, so that tests can move it', () => {
  const allowed = ['database/clock.ts', 'database/new-id.ts', 'mail/console.ts'] // the clock, and what ids and a file are named by

  expect(filesWith(/new Date\(\)|Date\.now\(\)/).filter((name) => !allowed.includes(name))).toEqual([])
})

test('the environment is read by the command line, and handed on as one frozen record', () => {
  expect(filesWith(/process\.env/).filter((name) => !name.startsWith('commands/'))).toEqual([])
})

test('no SQL statement is put together from text', () => {
  expect(filesWith(/\$queryRawUnsafe|\$executeRawUnsafe|Prisma\.raw/)).toEqual([])
  // Prisma's tagged templates turn their values into parameters; node-postgres takes a template as plain text.
  // These statements take no parameters. Their names are escaped as identifiers, and the others are constants.
  const allowed = [
    'database/embedded-postgres.ts', // CREATE DATABASE
    'database/migrations/build-index.ts', // DROP INDEX
    'database/migrations/grant-service-role.ts', // GRANT and REVOKE
    'database/migrations/installation.ts', // CREATE SCHEMA
  ]
  expect(filesWith(/\bquery(<[^;]*?>)?\(\s*`[^`]*\$\{/).filter((name) => !allowed.includes(name))).toEqual([])
})

test('random bytes are made in security/ and where keys are made, nowhere else', () => {
  const allowed = ['config/development-secret.ts', 'keys/key-rows.ts']
  const makers = filesWith(/randomBytes|randomInt|randomUUID/).filter((name) => !name.startsWith('security/'))

  expect(makers.filter((name) => !allowed.includes(name) && !name.startsWith('database/embedded-postgres/'))).toEqual(
    [],
  )
})

test('no source file is longer than 220 lines', () => {
  const long = sources.filter(({ code }) => code.split('\n').length > 220).map(({ name }) => name)

  expect(long).toEqual([])
})

test('no folder of src has more than 15 files', () => {
  const counts = new Map<string, number>()
  for (const { name } of sources) counts.set(dirname(name), (counts.get(dirname(name)) ?? 0) + 1)

  expect([...counts].filter(([, count]) => count > 15)).toEqual([])
})

test('only one file makes a normalised address', () => {
  expect(filesWith(/as NormalizedAddress/)).toEqual(['mail/email-address.ts'])
})

test('a literal is written where it belongs and not spread into another literal, however long the lines become', () => {
  // A list of which something else is made is allowed, as in `...['a', 'b'].map(…)`.
  const spreadLiteral = /\.\.\.\(?\{|\.\.\.\(?\[(?:'[^'\n]*'|"[^"\n]*"|`[^`]*`|[^\]'"`])*\](?! as const\)\.|\.)/
  const offenders = [...sources, ...tests].filter(({ code }) => spreadLiteral.test(code)).map(({ name }) => name)

  expect(offenders).toEqual([])
})

test('the benchmark imports from dist only what the sources export', async () => {
  const root = new URL('../../bench/', import.meta.url)
  const names = await readdir(root, { recursive: true })
  const files = names.filter((name) => name.endsWith('.js') && !name.includes('node_modules'))
  const imports = await Promise.all(
    files.map(async (name) => {
      const code = await readFile(new URL(name, root), 'utf8')
      const matches = code.matchAll(/^import \{ (?<imported>.*) \} from '(?:\.\.\/)+dist\/(?<file>.*)\.js'$/gm)
      return [...matches].map(
        ({ groups }) => ({ ...groups, from: name }) as Record<'imported' | 'file' | 'from', string>,
      )
    }),
  )
  const missing = imports.flat().flatMap(({ imported, file, from }) => {
    const code = sources.find(({ name }) => name === `${file}.ts`)?.code ?? ''
    const unknown = imported.split(', ').filter((name) => !new RegExp(`^export .*\\b${name}\\b`, 'm').test(code))
    return unknown.map((name) => `${from}: ${name} of ${file}`)
  })

  expect(imports.flat()).not.toEqual([])
  expect(missing).toEqual([])
})
