import pg from 'pg'
import { DatabaseUnreachable, sqlStateOf, toConnectError, toQueryError } from './connection-errors.ts'
import { type DatabaseTarget, parseDatabaseUrl } from './database-url.ts'
import { type HostClient, hostClientClass } from './host-client.ts'
import { HostSelector } from './host-selector.ts'
import { detectPoolingMode, type PoolingMode, refuseTransactionMode } from './pooling-mode.ts'
import {
  type PreparedSession,
  prepareSession,
  prepareTransactions,
  type SessionLimits,
  sessionSettings,
} from './session-settings.ts'

interface PoolOptions {
  readonly limits: SessionLimits
  /** The most connections that are open at once. */
  readonly size: number
  readonly applicationName: string
  /** Milliseconds after which a query counts as lost: the server or the network hangs. Undefined: never. */
  readonly queryTimeoutMs?: number
  /** Whether a pooler in transaction mode is refused: the pool needs LISTEN, session locks or temporary tables. */
  readonly needsSessions: boolean
  readonly onIdleError?: (error: Error) => void
  /** Settings of PostgreSQL that each session gets beside those that the code relies on. */
  readonly settings?: Readonly<Record<string, string>>
}

const CONNECT_TIMEOUT_MS = 2_000
const IDLE_TIMEOUT_MS = 30_000
const KEEP_ALIVE_AFTER_MS = 10_000
/**
 * The shortest time between two calls of `distrustConnections` that have an effect. A server that stays read-only would
 * otherwise cause a new connection for each statement.
 */
const DISTRUST_AGAIN_AFTER_MS = 1_000

const READ_ONLY = '25006'

/**
 * A pool whose connections all have the same session settings and lead to a server that can be used. A failure to get
 * or use a connection is a `DatabaseUnreachable` or a `DatabaseRefused`. Only an error of the server about a statement
 * remains a `pg.DatabaseError`. Every wait has a time limit, because node-postgres has none by default and a request
 * would wait for minutes if the database hangs.
 */
export class DatabasePool extends pg.Pool {
  readonly #url: string
  readonly #options: PoolOptions
  readonly #hosts: HostSelector
  readonly #target: DatabaseTarget
  /**
   * The connections that may be used. A connection that has broken, or that leads to a server that has become
   * read-only, is removed.
   */
  #trusted = new WeakSet<pg.ClientBase>()
  #distrustedAt = Number.NEGATIVE_INFINITY
  #schema: string | null
  #poolingMode: Promise<PoolingMode> | null = null

  constructor(url: string, options: PoolOptions) {
    const target = parseDatabaseUrl(url)
    const hosts = new HostSelector(target.hosts)
    super({
      user: target.user,
      password: target.password,
      database: target.database,
      ssl: target.ssl,
      enableChannelBinding: target.enableChannelBinding,
      application_name: target.applicationName ?? options.applicationName,
      max: options.size,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      // Each end notices within about a minute that the other is gone. The default is two hours.
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
      ...(options.queryTimeoutMs !== undefined && { query_timeout: options.queryTimeoutMs }),
      Client: hostClientClass(hosts),
      onConnect: (client: HostClient) => this.#prepare(client),
      // The type of the configuration does not allow this `Client`, nor an `onConnect` that returns a promise.
    } as unknown as pg.PoolConfig)
    this.#url = url
    this.#options = options
    this.#target = target
    this.#hosts = hosts
    this.#schema = target.schema
    // Without these listeners, a connection that breaks would end the process.
    this.on('error', (error) => options.onIdleError?.(error))
    this.on('connect', (client) => client.on('error', () => this.#trusted.delete(client)))
    this.query = convertErrorsOf(this.query.bind(this))
  }

  override connect(): Promise<pg.PoolClient>
  override connect(callback: ConnectCallback): void
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | undefined {
    const connecting = this.#acquire()
    if (!callback) return connecting
    void connecting.then(
      (client) => callback(undefined, client, releaseOnce(client)),
      (error: Error) => callback(error, undefined, () => undefined),
    )
    return undefined
  }

  /** The schema of the tables: the one in the URL, or the one that the role's search path leads to. */
  async schema(): Promise<string> {
    if (this.#schema === null) (await this.connect()).release()
    return this.#schema ?? ''
  }

  /** Creates a pool of `size` connections to the same database, whose sessions also have these settings. */
  another(size: number, settings: Readonly<Record<string, string>>): DatabasePool {
    return new DatabasePool(this.#url, { ...this.#options, size, settings })
  }

  /** Makes sure that no connection that is open now is used again. */
  distrustConnections(): void {
    const now = performance.now()
    if (now - this.#distrustedAt < DISTRUST_AGAIN_AFTER_MS) return
    this.#distrustedAt = now
    this.#trusted = new WeakSet()
  }

  async #acquire(): Promise<pg.PoolClient> {
    for (let attempt = 1; ; ) {
      const host = this.#hosts.current
      const client = await super.connect().catch((error: unknown) => {
        const isWorthAnother = attempt < this.#hosts.count && this.#hosts.current !== host
        if (!isWorthAnother) throw toConnectError(error)
        attempt += 1
        return null
      })
      if (client && this.#trusted.has(client)) return client
      client?.release(true)
    }
  }

  /** @throws {DatabaseRefused} if the connection leads through a pooler in transaction mode. */
  async assertSessions(): Promise<void> {
    ;(await this.connect()).release()
    if ((await this.#poolingMode) === 'transaction') refuseTransactionMode()
  }

  async #prepare(client: HostClient): Promise<void> {
    const mode = await this.#detectPoolingMode(client)
    if (mode === 'transaction' && this.#options.needsSessions) refuseTransactionMode()
    const { schema, isReadOnly } = await this.#applySettings(client, mode)
    const { host, port } = client.databaseHost
    if (isReadOnly && this.#target.mustBeWritable) {
      this.#hosts.passOver(client.databaseHost)
      throw new DatabaseUnreachable(`the database server ${host}:${port} is read-only`)
    }
    this.#schema = schema
    this.#trusted.add(client)
    client.onQueryError = (error) => {
      if (error instanceof DatabaseUnreachable) this.#trusted.delete(client)
      else if (sqlStateOf(error) === READ_ONLY) this.distrustConnections()
    }
  }

  /** Connections that are opened at the same time share one detection. After a failure the next connection tries again. */
  #detectPoolingMode(client: HostClient): Promise<PoolingMode> {
    this.#poolingMode ??= detectPoolingMode(client, () => this.#connectOutsidePool()).catch((error: unknown) => {
      this.#poolingMode = null
      throw error
    })
    return this.#poolingMode
  }

  async #connectOutsidePool(): Promise<pg.Client> {
    const { Client, options } = this as unknown as {
      Client: new (config: pg.PoolConfig) => pg.Client
      options: pg.PoolConfig
    }
    const client = new Client(options)
    client.on('error', () => undefined)
    await new Promise<void>((resolve, reject) => {
      client.connect((error: Error | null) => (error ? reject(error) : resolve()))
    })
    return client
  }

  async #applySettings(client: HostClient, mode: PoolingMode): Promise<PreparedSession> {
    const target = { ...this.#target, schema: this.#schema }
    const wanted = { ...sessionSettings(this.#options.limits), ...this.#options.settings }
    if (mode === 'session') return prepareSession(client, target, wanted)
    const { settings, ...prepared } = await prepareTransactions(client, target, wanted)
    client.useTransactionSettings(settings)
    return prepared
  }
}

type ConnectCallback = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (release?: Error | boolean) => void,
) => void

/**
 * graphile-worker 0.17.3 releases its listening connection twice if it is stopped at the moment that connection breaks.
 * pg-pool throws at the second release, and the error would end the process: nothing awaits it.
 */
function releaseOnce(client: pg.PoolClient): (error?: Error | boolean) => void {
  const { release } = client
  let isReleased = false
  return (error) => {
    if (isReleased) return
    isReleased = true
    release(error)
  }
}

/**
 * A connection that breaks while it runs a query reports the break by an event, which pg-pool 3.14 passes on to the
 * caller of `pool.query` as it is. It must be recognised as an outage like any other.
 */
function convertErrorsOf(query: pg.Pool['query']): pg.Pool['query'] {
  // Takes whatever node-postgres takes: its overloads cannot be written as one signature.
  const run = query as (...args: unknown[]) => unknown
  return ((...args: unknown[]) => {
    const last = args.at(-1)
    if (typeof last === 'function') {
      const answered = (error: unknown, result: unknown) => last(error ? toQueryError(error) : error, result)
      return run(...args.slice(0, -1), answered)
    }
    const result = run(...args)
    if (!(result instanceof Promise)) return result // a cursor, which has events of its own
    return result.catch((error: unknown) => {
      throw toQueryError(error)
    })
  }) as pg.Pool['query']
}
