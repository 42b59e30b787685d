import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from '@jest/globals'

const read = (file: string) => readFileSync(file, 'utf8')
const FOLDERS = ['.', 'docs', 'docs/decisions', 'bench', 'clients/typescript', 'examples/account', 'test/clients']
const PAGES = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(folder, name)),
)

test.each(PAGES)('every link in %s leads to a file, and to a heading of it', (page) => {
  const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  const dead = links.filter((link) => !/^[a-z]+:/.test(link) && !exists(page, link))

  expect(dead).toEqual([])
})

function exists(page: string, link: string): boolean {
  const [file = '', anchor] = link.split('#')
  const target = file === '' ? page : path.join(path.dirname(page), file)
  return existsSync(target) && (anchor === undefined || anchorsOf(target).includes(anchor))
}

/** The anchors that GitHub gives to the headings of a page. */
function anchorsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  )
}

test('every npm script that the documentation names exists', () => {
  const scripts = Object.keys(JSON.parse(read('package.json')).scripts)
  const named = PAGES.filter((page) => !/^(clients|examples)\//.test(page)).flatMap((page) =>
    [...read(page).matchAll(/npm run (?:--silent |-s )?([\w:-]+)/g)].map(([, name = '']) => name),
  )

  expect(named.length).toBeGreaterThan(20)
  expect([...new Set(named)].filter((name) => !scripts.includes(name))).toEqual([])
})

test('every source or test file that the documentation names exists', () => {
  const missing = PAGES.flatMap((page) =>
    [...read(page).matchAll(/\b((?:src|test)\/[\w./-]+\.(?:ts|json))\b/g)]
      .map(([, file = '']) => file)
      .filter((file) => !existsSync(file) && !existsSync(path.join(path.dirname(page), file)))
      .map((file) => `${page}: ${file}`),
  )

  expect(missing).toEqual([])
})
