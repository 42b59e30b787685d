import type { Config } from './config.ts'

/** What is allowed and probably not meant: one line of the log each, for whoever starts the service. */
export function doubtfulSettings(config: Config): string[] {
  const { production, databaseUrl, links, mail, publicUrl } = config
  const outside = Object.entries(links).filter(([, page]) => !page.split('#')[1]?.includes('{token}'))
  return [
    ...outside.map(
      ([link]) => `the ${link} link has its token outside the fragment: servers log it, and the Referer has it`,
    ),
    ...(production && !publicUrl.startsWith('https:')
      ? [`PUBLIC_URL is ${publicUrl}: the tokens name it as their issuer, and the links of this API would not be https`]
      : []),
    ...(!production && databaseUrl !== undefined && mail.transport === 'console'
      ? ['mail is shown here and not sent: set NODE_ENV=production to be asked for what production needs']
      : []),
  ]
}
