// Builds Ory Kratos with Go, once; the program is kept in the folder for temporary files.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const MODULE = 'github.com/ory/kratos'
export const KRATOS_VERSION = 'v1.3.1'

/** @returns the path of the program @throws if there is no Go, or a module cannot be downloaded */
export function buildKratos() {
  const folder = path.join(tmpdir(), `latchkey-bench-kratos-${KRATOS_VERSION}-${process.getuid()}`)
  const program = path.join(folder, 'kratos')
  if (existsSync(program)) return program
  process.stderr.write(
    `Building Ory Kratos ${KRATOS_VERSION}, which takes some minutes and 2 GB of disk the first time …\n`,
  )
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const source = path.join(folder, 'source')
  const go = (args, cwd) =>
    execFileSync('go', args, {
      cwd,
      env: { ...process.env, GOFLAGS: '-mod=mod -buildvcs=false' },
      stdio: ['ignore', 'pipe', 2],
    })
  const module = JSON.parse(go(['mod', 'download', '-json', `${MODULE}@${KRATOS_VERSION}`], folder))
  cpSync(module.Dir, source, { recursive: true })
  execFileSync('chmod', ['-R', 'u+w', source])
  // The module replaces its client by a folder that modules do not contain; the published client is the same.
  const manifest = path.join(source, 'go.mod')
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(/^.*client-go => \.\/internal.*$/m, ''))
  go(['build', '-o', program, '.'], source)
  return program
}
