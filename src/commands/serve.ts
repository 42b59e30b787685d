import { Command, Option } from 'commander'
import { readConfig } from '../config/config.ts'
import { type Role, type Service, serve } from '../serve.ts'

/** Load balancers ask /health/ready every second or so, and send requests until it says no. */
const NOTICE_MS = 2_000

export function serveCommand(): Command {
  const role = new Option('--role <role>', 'answer requests, work the queue, or both')
  return new Command('serve')
    .description('Run the service.')
    .addOption(role.choices(['all', 'api', 'worker']).default('all'))
    .option('--json', 'say in JSON why it does not start; what it logs is JSON either way', false)
    .action(async (options: { role: Role }) => {
      const leaving = new AbortController()
      const starting = serve(readConfig(process.env), options.role, leaving.signal)
      const leave = (noticeMs: number) => {
        if (leaving.signal.aborted) return
        leaving.abort()
        const stop = (service: Service) => service.stop(noticeMs).then(() => process.exit(0))
        void starting.then(stop, () => undefined) // what kept it from starting is told below
      }
      // Before it is up: as the first process of a container it would not hear of them at all, as long as the database is out.
      process.on('SIGTERM', () => leave(NOTICE_MS))
      process.on('SIGINT', () => leave(0))
      await starting
    })
}
