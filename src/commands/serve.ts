import { Command, Option } from 'commander'
import { readConfig } from '../config.ts'
import { type Role, serve } from '../serve.ts'

export function serveCommand(): Command {
  const role = new Option('--role <role>', 'answer requests, work the queue, or both')
  return new Command('serve')
    .description('Run the service.')
    .addOption(role.choices(['all', 'api', 'worker']).default('all'))
    .action(async (options: { role: Role }) => {
      const service = await serve(readConfig(process.env), options.role)
      let isLeaving = false
      const leave = () => {
        if (isLeaving) return
        isLeaving = true
        void service.stop().then(() => process.exit(0))
      }
      process.on('SIGTERM', leave)
      process.on('SIGINT', leave)
    })
}
