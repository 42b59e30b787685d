import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { GetPrismaClientConfig } from '@prisma/client/runtime/client'

declare const WebAssembly: { readonly Module: new (bytes: Buffer) => object }

const FILE = createRequire(import.meta.url).resolve(
  '@prisma/client/runtime/query_compiler_small_bg.postgresql.wasm-base64.js',
)

/**
 * An option of the client, with which it takes less memory for its query compiler, a WebAssembly module of 1.7 MB. Prisma
 * publishes the module as Base64 in a JavaScript file. The generated client imports that file, which keeps its text twice (4.6 MB)
 * and takes 5 MB more for a moment. Here the file is only read, at the first query that is not written by hand. The types of the
 * generated client do not have this option, but those of @prisma/client/runtime/client do.
 */
export const lightQueryCompiler = { __internal: { configOverride: withLightCompiler } }

function withLightCompiler(config: GetPrismaClientConfig): GetPrismaClientConfig {
  if (config.compilerWasm === undefined) return config
  return { ...config, compilerWasm: { ...config.compilerWasm, getQueryCompilerWasmModule: readCompiler } }
}

async function readCompiler(): Promise<object> {
  const text = await readFile(FILE, 'latin1')
  const base64 = text.slice(text.indexOf('"') + 1, text.lastIndexOf('"'))
  return new WebAssembly.Module(Buffer.from(base64, 'base64'))
}
