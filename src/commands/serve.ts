import { Command, Option } from 'commander'
import { readConfig } from '../config/config.ts'
import { type Role, type Service, serve } from '../serve.ts'

/**
 * Load balancers check /health/ready about once a second, and send requests until it reports that the service is not
 * ready.
 */
const NOTICE_MS = 2_000

export function serveCommand(): Command {
  const role = new Option('--role <role>', 'serve requests (api), run the jobs of the queue (worker), or both (all)')
  return new Command('serve')
    .description('Run the service.')
    .addOption(role.choices(['all', 'api', 'worker']).default('all'))
    .option('--json', 'print as JSON why the service does not start; the log is JSON in any case', false)
    .action(async (options: { role: Role }) => {
      const leaving = new AbortController()
      const starting = serve(readConfig(process.env), options.role, leaving.signal)
      const leave = (noticeMs: number) => {
        if (leaving.signal.aborted) return
        leaving.abort()
        const stop = (service: Service) => service.stop(noticeMs).then(() => process.exit(0))
        void starting.then(stop, () => undefined) // the reason why it did not start is reported below
      }
      // The handlers are set before the service is up. Without them, the first process of a container ignores these
      // signals while it waits for its database.
      process.on('SIGTERM', () => leave(NOTICE_MS))
      process.on('SIGINT', () => leave(0))
      await starting
    })
}
