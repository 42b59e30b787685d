import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { DATABASE_USER, prepareCluster } from '../../src/database/embedded-postgres/cluster.ts'
import { CHILD_ENVIRONMENT } from '../../src/database/embedded-postgres/run-as.ts'
import { certify } from './certificates.ts'
import { query } from './embedded-server.ts'
import { freePort } from './free-port.ts'
import { temporaryFolder } from './temporary-folders.ts'
import { until } from './until.ts'

export interface TlsPostgres {
  readonly port: number
  /** Files for `sslrootcert`, `sslcert` and `sslkey`. `otherCa` has signed nothing of this server. */
  readonly files: { ca: string; otherCa: string; clientCert: string; clientKey: string; otherKey: string }
  discard(): Promise<void>
}

/** A user that the server accepts only with a client certificate. */
export const CERTIFIED_USER = 'certified'

/** A user that the server accepts only with a password, and the password as it is written in a URL. */
export const USER_WITH_PASSWORD = 'with_password:a%40b%3Ac%2Fd'

/** `trust` for everybody else, so that nothing but TLS decides. */
const ACCESS = `
hostssl all ${CERTIFIED_USER} 127.0.0.1/32 cert
hostssl all with_password 127.0.0.1/32 scram-sha-256
hostssl all all               127.0.0.1/32 trust
`

/** A server that accepts connections with TLS only. Its certificate is for `localhost`. */
export async function tlsPostgres(): Promise<TlsPostgres> {
  const folder = await temporaryFolder('latchkey-test-tls-')
  const cluster = await prepareCluster(path.join(folder, 'data'), () => undefined)
  await writeFile(path.join(cluster.folder, 'pg_hba.conf'), ACCESS)
  const file = (name: string) => path.join(folder, name)
  certify(file('ca'), '/CN=Test CA')
  certify(file('other'), '/CN=Another CA')
  certify(file('server'), '/CN=localhost', { ca: file('ca'), name: 'DNS:localhost' })
  certify(file('client'), `/CN=${CERTIFIED_USER}`, { ca: file('ca'), name: `DNS:${CERTIFIED_USER}` })
  await chown(file('server.key'), cluster.user.uid, cluster.user.gid)

  const port = await freePort()
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    fsync: 'off',
    ssl: 'on',
    ssl_ca_file: file('ca.crt'),
    ssl_cert_file: file('server.crt'),
    ssl_key_file: file('server.key'),
  }
  const parameters = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(cluster.binaries.postgres, ['-D', cluster.folder, ...parameters], {
    ...cluster.user,
    cwd: '/',
    env: CHILD_ENVIRONMENT,
    stdio: 'ignore',
  })
  const url = `postgresql://${DATABASE_USER}@localhost:${port}/postgres?sslmode=no-verify`
  await until(async () => {
    if (server.exitCode !== null) throw new Error('PostgreSQL did not start')
    return query(url, 'SELECT 1').then(
      () => true,
      () => false,
    )
  })
  await query(url, 'CREATE DATABASE latchkey')
  await query(url, `CREATE ROLE ${CERTIFIED_USER} LOGIN SUPERUSER`)
  await query(url, `CREATE ROLE with_password LOGIN SUPERUSER PASSWORD 'a@b:c/d'`)

  return {
    port,
    files: {
      ca: file('ca.crt'),
      otherCa: file('other.crt'),
      clientCert: file('client.crt'),
      clientKey: file('client.key'),
      otherKey: file('other.key'),
    },
    async discard() {
      server.kill('SIGQUIT')
      if (server.exitCode === null) await once(server, 'exit')
      await rm(folder, { recursive: true, force: true })
    },
  }
}
