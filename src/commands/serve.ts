import { Command, Option } from 'commander'
import { readConfig } from '../config.ts'
import { type Role, serve } from '../serve.ts'

/** Load balancers ask /health/ready every second or so, and send requests until it says no. */
const NOTICE_MS = 2_000

export function serveCommand(): Command {
  const role = new Option('--role <role>', 'answer requests, work the queue, or both')
  return new Command('serve')
    .description('Run the service.')
    .addOption(role.choices(['all', 'api', 'worker']).default('all'))
    .action(async (options: { role: Role }) => {
      const service = await serve(readConfig(process.env), options.role)
      let isLeaving = false
      const leave = (noticeMs: number) => {
        if (isLeaving) return
        isLeaving = true
        void service.stop(noticeMs).then(() => process.exit(0))
      }
      process.on('SIGTERM', () => leave(NOTICE_MS))
      process.on('SIGINT', () => leave(0))
    })
}
