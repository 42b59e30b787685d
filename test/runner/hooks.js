/** Hooks of Node's module loader: https://nodejs.org/docs/latest-v20.x/api/module.html#hooks */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { transform } from '@swc/core'
import { compilerOptions } from './compiler-options.js'

const TESTS = new URL('../', import.meta.url).href
const GLOBALS = new URL('./globals.js', import.meta.url).href

/**
 * The runner gives the URL of each test file a query of its own. The support files that a test file imports get the same
 * query and are thus loaded again for each test file, because they register hooks and hold state. Sources and libraries stay
 * loaded: loading and compiling them again would be half of the work of a short test file.
 */
export async function resolve(specifier, context, nextResolve) {
  const isFromTests = context.parentURL?.startsWith(TESTS)
  const resolved =
    specifier === '@jest/globals'
      ? { url: GLOBALS, format: 'module', shortCircuit: true }
      : await nextResolve(specifier, context)
  if (!isFromTests || !resolved.url.startsWith(TESTS)) return resolved
  return { ...resolved, url: new URL(new URL(context.parentURL).search, resolved.url).href }
}

/** Node 20 does not read TypeScript. */
export async function load(url, context, nextLoad) {
  if (!new URL(url).pathname.endsWith('.ts')) return nextLoad(url, context)
  const filename = fileURLToPath(url)
  const { code } = await transform(await readFile(filename, 'utf8'), { ...compilerOptions, filename })
  return { format: 'module', source: code, shortCircuit: true }
}
