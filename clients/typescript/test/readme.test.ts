import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const FOLDER = fileURLToPath(new URL('..', import.meta.url))

/** What the examples take from their surroundings. */
const SURROUNDINGS = `
  import { createLatchkey as create, type Session, type SessionState, type StoredTokens } from '@latchkey/client'
  declare global {
    const latchkey: ReturnType<typeof create>
    const baseUrl: string
    const newPassword: string
    const store: Map<string, StoredTokens>
    function render(state: SessionState): void
    function showError(text: string): void
    function showPending(email: string, until: string): void
    function sessionIdFromCookie(request: unknown): string
  }
`

/** One module for each example. The statements of an example stand in a function, because some of them return. */
function moduleOf(example: string): string {
  const imports = example.match(/^import .*$/gm) ?? []
  const statements = example.replace(/^import .*$/gm, '').replace('latchkeyOf(request)', 'latchkeyOf(request: any)')
  return `${imports.join('\n')}\nexport async function example() {\n${statements}\nreturn undefined\n}`
}

test('every TypeScript example of the README compiles', async () => {
  const readme = await readFile(`${FOLDER}README.md`, 'utf8')
  const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => moduleOf(String(match[1])))
  const files = new Map([SURROUNDINGS, ...examples].map((text, index) => [`${FOLDER}example-${index}.ts`, text]))
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
    types: [],
    paths: {
      '@latchkey/client': [`${FOLDER}src/index.ts`],
      '@latchkey/client/schema': [`${FOLDER}src/generated/schema.ts`],
    },
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
  }
  const host = ts.createCompilerHost(options)
  const { fileExists, getSourceFile } = host
  host.fileExists = (name) => files.has(name) || fileExists(name)
  host.getSourceFile = (name, ...rest) => {
    const text = files.get(name)
    return text === undefined ? getSourceFile(name, ...rest) : ts.createSourceFile(name, text, ts.ScriptTarget.ES2022)
  }

  const diagnostics = ts.getPreEmitDiagnostics(ts.createProgram([...files.keys()], options, host))

  assert.ok(examples.length > 5)
  assert.deepEqual(
    diagnostics.map(({ file, messageText }) => [file?.text, ts.flattenDiagnosticMessageText(messageText, '\n')]),
    [],
  )
})
