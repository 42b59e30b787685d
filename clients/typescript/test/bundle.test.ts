import assert from 'node:assert/strict'
import { test } from 'node:test'
import vm from 'node:vm'
import { gzipSync } from 'node:zlib'
import { EdgeVM } from '@edge-runtime/vm'
import { build } from 'esbuild'
import { ada, standIn } from './support/stand-in.ts'

const MOST_BYTES = 6000

/** Bundles what a page imports, as a frontend's build does, with openapi-fetch. */
async function bundle(
  source: string,
  { format = 'esm', ignoreAnnotations = false }: { format?: 'esm' | 'iife'; ignoreAnnotations?: boolean } = {},
): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: new URL('..', import.meta.url).pathname, loader: 'ts' },
    bundle: true,
    minify: true,
    format,
    target: 'es2022',
    write: false,
    ignoreAnnotations,
    globalName: 'latchkey',
  })
  return outputFiles[0]?.text ?? ''
}

const sizeOf = (code: string) => gzipSync(code, { level: 9 }).length

test(`everything, with openapi-fetch, is smaller than ${MOST_BYTES} bytes (gzipped)`, async (t) => {
  const size = sizeOf(await bundle("export * from './src/index.ts'"))

  t.diagnostic(`${size} bytes`)
  assert.ok(size < MOST_BYTES, `${size} bytes`)
})

test('a page that needs only the token of a link gets only that', async (t) => {
  const code = await bundle("import { takeLinkToken } from './src/index.ts'; console.log(takeLinkToken())")

  t.diagnostic(`${sizeOf(code)} bytes`)
  assert.ok(sizeOf(code) < 300, code)
})

test('an import runs nothing, as the package says to builds (sideEffects: false)', async () => {
  assert.equal((await bundle("import './src/index.ts'", { ignoreAnnotations: true })).trim(), '')
})

/** What a page does first. */
const signInAndCall = `(async () => {
  const { createLatchkey, browserStorage, memoryStorage, takeLinkToken } = latchkey
  const results = []
  for (const storage of [memoryStorage(), browserStorage()]) {
    const client = createLatchkey({ baseUrl: 'http://service', fetch: serviceFetch, storage })
    await client.signIn({ email: 'ada@example.com', password: 'Correct horse 7' })
    results.push((await client.api.GET('/v1/me')).data?.email)
    await client.signOut()
    results.push(client.state.reason)
  }
  return [...results, takeLinkToken()]
})()`
const expected = [ada.email, 'signed_out', ada.email, 'signed_out', null]

test('it works in an edge runtime: no DOM, no Node', async () => {
  const runtime = new EdgeVM()
  Object.assign(runtime.context, { serviceFetch: standIn().fetch })

  runtime.evaluate(await bundle("export * from './src/index.ts'", { format: 'iife' }))

  assert.deepEqual([...(await runtime.evaluate(signInAndCall))], expected)
})

test('it needs nothing of its surroundings but the objects of fetch, URL and timers', async () => {
  const { Request, Response, Headers, FormData, URL, URLSearchParams, AbortController, setTimeout, clearTimeout } =
    globalThis
  const surroundings = { Request, Response, Headers, FormData, URL, URLSearchParams, AbortController, setTimeout }
  const context = vm.createContext({ ...surroundings, clearTimeout, serviceFetch: standIn().fetch })

  vm.runInContext(await bundle("export * from './src/index.ts'", { format: 'iife' }), context)

  assert.deepEqual([...(await vm.runInContext(signInAndCall, context))], expected)
})
