import type { ConnectionOptions } from 'node:tls'
import { domainToASCII } from 'node:url'
import { InvalidDatabaseUrl } from './invalid-database-url.ts'
import { readTls } from './tls-options.ts'

export interface DatabaseHost {
  /** A name, an IP address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
}

/** The content of a database URL, from which every connection of the process is made. */
export interface DatabaseTarget {
  /** Tried in this order. */
  readonly hosts: readonly DatabaseHost[]
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
  /** False: without TLS. */
  readonly ssl: ConnectionOptions | false
  /** The schema of the tables; null: the one that the role's search path leads to. */
  readonly schema: string | null
  /** Whether a server that refuses writes is skipped. */
  readonly mustBeWritable: boolean
  readonly applicationName: string | undefined
  /**
   * Settings that the operator wants for each session (`options=-c name=value`). The settings in session-settings.ts
   * override them.
   */
  readonly options: ReadonlyArray<readonly [name: string, value: string]>
  readonly enableChannelBinding: boolean
}

const FORM =
  /^postgres(?:ql)?:\/\/(?:(?<userinfo>[^/?#]*)@)?(?<hosts>[^/?#@]*)(?:\/(?<database>[^/?#]*))?(?:\?(?<query>[^#]*))?$/

const DEFAULT_PORT = 5432

/**
 * The supported parameters. They have the names and the meaning of libpq, except for `schema`, which comes from Prisma.
 */
const PARAMETERS = [
  'application_name',
  'channel_binding',
  'host',
  'options',
  'port',
  'schema',
  'sslcert',
  'sslkey',
  'sslmode',
  'sslrootcert',
  'target_session_attrs',
]

/** What to do instead of using a parameter of another tool. */
const INSTEAD: Readonly<Record<string, string>> = {
  connection_limit: 'set DATABASE_POOL_SIZE',
  max: 'set DATABASE_POOL_SIZE',
  pool_timeout: 'remove it',
  connect_timeout: 'remove it; a connection attempt is given up after 2 seconds',
  pgbouncer: 'remove it; the mode of a pooler is detected',
}

/**
 * Reads a database URL in the form of libpq, with one or several hosts.
 *
 * @throws {InvalidDatabaseUrl} also for an unknown parameter, because ignoring it would hide that it has no effect.
 */
export function parseDatabaseUrl(url: string): DatabaseTarget {
  const parts = FORM.exec(url)?.groups
  if (!parts) throw new InvalidDatabaseUrl('must have the form postgresql://user:password@host:port/database')
  const parameters = readParameters(parts['query'] ?? '')
  const [user, password] = splitOnce(parts['userinfo'] ?? '', ':').map((part) => part && decode(part))
  const hosts = readHosts(parts['hosts'] ?? '', parameters)
  return {
    hosts,
    user: user || undefined,
    password: password || undefined,
    database: decode(parts['database'] ?? '') || undefined,
    ssl: readTls(parameters),
    schema: readSchema(parameters),
    mustBeWritable: readSessionAttributes(parameters, hosts.length),
    applicationName: parameters.get('application_name'),
    options: readOptions(parameters.get('options') ?? ''),
    enableChannelBinding: (parameters.get('channel_binding') ?? 'disable') !== 'disable',
  }
}

function readParameters(query: string): Map<string, string> {
  const parameters = new Map<string, string>()
  for (const pair of query.split('&').filter((each) => each !== '')) {
    const [name = '', value = ''] = splitOnce(pair, '=').map((part) => decode(part ?? ''))
    const instead = INSTEAD[name] ?? `the parameters are ${PARAMETERS.join(', ')}`
    if (!PARAMETERS.includes(name)) {
      throw new InvalidDatabaseUrl(`has the parameter ${JSON.stringify(name)}, which is not supported: ${instead}`)
    }
    if (parameters.has(name)) throw new InvalidDatabaseUrl(`has the parameter "${name}" twice`)
    parameters.set(name, value)
  }
  return parameters
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new InvalidDatabaseUrl('has a "%" that is not followed by two hexadecimal digits: write %25 for "%"')
  }
}

function readHosts(authority: string, parameters: ReadonlyMap<string, string>): DatabaseHost[] {
  const inAuthority = authority === '' ? [] : authority.split(',').map(readHost)
  const names = parameters.get('host')?.split(',') ?? inAuthority.map(({ host }) => host)
  const ports = parameters.get('port')?.split(',') ?? inAuthority.map(({ port }) => String(port))
  if (names.length === 0) return [{ host: 'localhost', port: toPort(ports[0] ?? '') }]
  if (ports.length > 1 && ports.length !== names.length) {
    throw new InvalidDatabaseUrl(`names ${names.length} hosts and ${ports.length} ports`)
  }
  return names.map((host, index) => ({ host, port: toPort((ports.length > 1 ? ports[index] : ports[0]) ?? '') }))
}

function readHost(text: string): DatabaseHost {
  const match = /^(?:\[(?<v6>[0-9a-fA-F:.%]+)\]|(?<name>[^:[\]]*))(?::(?<port>\d*))?$/.exec(text)?.groups
  if (!match) throw new InvalidDatabaseUrl('has a host that cannot be read: write host:port, and IPv6 in brackets')
  const name = decode(match['name'] ?? '')
  const host = match['v6'] ?? (name.startsWith('/') ? name : domainToASCII(name) || name)
  return { host: host || 'localhost', port: toPort(match['port'] ?? '') }
}

function toPort(text: string): number {
  const port = text === '' ? DEFAULT_PORT : Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new InvalidDatabaseUrl('has a port that is not a number from 1 to 65535')
}

function readSchema(parameters: ReadonlyMap<string, string>): string | null {
  const schema = parameters.get('schema')
  if (schema === undefined) return null
  if (/^[A-Za-z_][A-Za-z0-9_$]{0,62}$/.test(schema) && schema !== 'graphile_worker') return schema
  throw new InvalidDatabaseUrl('has a schema that is not a name of letters, digits and "_", or is the queue\'s own')
}

/** Several hosts are a primary and its standbys. The service writes, so by default it looks for the primary. */
function readSessionAttributes(parameters: ReadonlyMap<string, string>, hostCount: number): boolean {
  const wanted = parameters.get('target_session_attrs')
  if (wanted === undefined) return hostCount > 1
  if (['any', 'read-write', 'primary'].includes(wanted)) return wanted !== 'any'
  throw new InvalidDatabaseUrl('has target_session_attrs other than any, read-write or primary')
}

/** The form of the server's command line, as libpq passes it on: `-c name=value` and `--name=value`. */
function readOptions(text: string): Array<readonly [string, string]> {
  const words = text.replace(/-c\s+/g, '--').split(/(?<!\\)\s+/)
  return words
    .filter((word) => word !== '')
    .map((word) => {
      const match = /^(?:--|-c)(?<name>[A-Za-z_][\w.-]*)=(?<value>.*)$/.exec(word)?.groups
      if (!match) throw new InvalidDatabaseUrl('has options that are not of the form -c name=value')
      return [(match['name'] ?? '').replaceAll('-', '_'), (match['value'] ?? '').replace(/\\(.)/g, '$1')] as const
    })
}
