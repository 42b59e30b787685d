// `npm run example`: installs what is missing, starts the service and the pages, and prints where they are.
import './install.js'
import { fileURLToPath } from 'node:url'

const { startExample } = await import('./server/start-example.js') // not before its packages are installed

/** @type {Awaited<ReturnType<typeof startExample>> | undefined} */
let example
const leave = async () => {
  await example?.stop()
  process.exit(0)
}
process.once('SIGINT', leave)
process.once('SIGTERM', leave)

process.stdout.write('Starting the service and building the pages …\n')
const dataFolder = fileURLToPath(new URL('data', import.meta.url))
example = await startExample({ dataFolder, pagesPort: 5173, servicePort: 3000 })
process.stdout.write(`
  Open ${example.url}

  Mail arrives at ${example.url}/mail. Press Ctrl+C to stop.

`)
