// Adds the platform binaries to package-lock.json that the registry does not serve (a mirror may have the binaries of one
// platform only). Without them `npm install` writes a lock file that `npm ci` refuses. With an entry for each, npm skips
// the binaries of other platforms and fetches those of this one. Run this after every change of the dependencies. Another lock
// file can be named: `node scripts/complete-lockfile.js examples/account/package-lock.json`.
import { readFile, writeFile } from 'node:fs/promises'

const path = process.argv[2] ?? new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(await readFile(path, 'utf8'))
const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const processors = ['arm64', 'x64', 'ia32', 'arm', 'ppc64', 's390x', 'riscv64', 'loong64', 'wasm32', 'mips64el']

/** Reads the platform from names such as `@swc/core-linux-arm-gnueabihf`. */
function platformOf(name) {
  const parts = name.split('/').at(-1).split('-')
  const os = systems.find((system) => parts.includes(system))
  const cpu = processors.find((processor) => parts.includes(processor))
  const libc = parts.some((part) => part.startsWith('musl'))
    ? 'musl'
    : parts.some((part) => part.startsWith('gnu'))
      ? 'glibc'
      : undefined
  return { ...(cpu && { cpu: [cpu] }), ...(os === 'linux' && libc && { libc: [libc] }), ...(os && { os: [os] }) }
}

for (const [folder, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries({ ...entry.optionalDependencies })) {
    if (lock.packages[`node_modules/${name}`] || lock.packages[`${folder}/node_modules/${name}`]) continue
    const platform = platformOf(name)
    if (!/^\d/.test(version) || Object.keys(platform).length === 0)
      throw new Error(`cannot tell about ${name}@${version}`)
    lock.packages[`node_modules/${name}`] = { version, ...platform, ...(entry.dev && { dev: true }), optional: true }
  }
}
const sorted = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
await writeFile(path, `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`)
