// A copy of the build, as an image has it: without the sources. So the run measures one build, whatever changes in the
// checkout meanwhile.
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const ROOT = path.join(import.meta.dirname, '../..')

/** @returns the path of the program; the copy is removed when this process ends */
export function copyBuild() {
  const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-bench-build-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const name of ['bin', 'dist', 'prisma', 'package.json']) {
    cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true, preserveTimestamps: true })
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'))
  return path.join(folder, 'bin/latchkey.cjs')
}
