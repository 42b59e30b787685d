import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface SilentProxy {
  /** The URL of the database, through this proxy. */
  readonly url: string
  /**
   * Cuts the connections over which `text` was sent, as a failover or a firewall does: the server's end is closed, and the
   * client does not learn of it.
   */
  silence(text: string): void
  close(): Promise<void>
}

/** A proxy between the service and its database. */
export async function startSilentProxy(databaseUrl: string): Promise<SilentProxy> {
  const { hostname, port, pathname, searchParams, username, password } = new URL(databaseUrl)
  const folder = searchParams.get('host')
  const target = folder
    ? { path: `${folder}/.s.PGSQL.${port || 5432}` }
    : { host: hostname, port: Number(port || 5432) }
  const pairs = new Set<{ client: Socket; server: Socket; sent: string; isSilent: boolean }>()

  const proxy = createServer((client) => {
    const pair = { client, server: connect(target as { port: number }), sent: '', isSilent: false }
    const { server } = pair
    pairs.add(pair)
    client.on('data', (chunk) => {
      pair.sent += chunk.toString('latin1')
      if (!pair.isSilent) server.write(chunk)
    })
    server.on('data', (chunk) => client.write(chunk))
    for (const end of [client, server]) end.on('error', () => undefined)
    server.on('close', () => pair.isSilent || client.destroy())
    client.on('close', () => {
      server.destroy()
      pairs.delete(pair)
    })
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const credentials = `${username || 'latchkey'}${password ? `:${password}` : ''}`

  return {
    url: `postgresql://${credentials}@127.0.0.1:${(proxy.address() as AddressInfo).port}${pathname}?sslmode=disable`,
    silence(text) {
      for (const pair of pairs) {
        if (!pair.sent.includes(text)) continue
        pair.isSilent = true
        pair.server.destroy()
      }
    },
    async close() {
      for (const { client } of pairs) client.destroy()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}
