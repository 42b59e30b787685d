import path from 'node:path'
import type { Node } from './patroni-cluster.ts'

/** The configuration of one node, which docs/operations.md recommends. */
export function patroniSettings(given: {
  readonly node: Node
  readonly folder: string
  /** Where PostgreSQL's programs are. */
  readonly binaries: string
  readonly password: string
  /** The address of etcd. */
  readonly etcd: string
}): object {
  const { node, folder, binaries, password, etcd } = given
  const { name, host, port, restPort } = node
  const file = (end: string) => path.join(folder, end)
  const tls = { sslmode: 'verify-full', sslrootcert: file('ca.crt') }
  return {
    scope: 'latchkey',
    name,
    restapi: { listen: `${host}:${restPort}`, connect_address: `${host}:${restPort}` },
    etcd3: { hosts: etcd },
    bootstrap: {
      dcs: {
        ttl: 20,
        loop_wait: 5,
        retry_timeout: 5,
        synchronous_mode: true,
        postgresql: { use_pg_rewind: true },
      },
      initdb: [{ encoding: 'UTF8' }, { locale: 'C' }, 'data-checksums'],
    },
    postgresql: {
      listen: `${host}:${port}`,
      connect_address: `${host}:${port}`,
      data_dir: file(name),
      bin_dir: binaries,
      pgpass: file(`${name}.pgpass`),
      // Otherwise Patroni connects to `localhost`, which the certificate need not name.
      use_unix_socket: true,
      use_unix_socket_repl: true,
      authentication: {
        superuser: { username: 'postgres', password, ...tls },
        replication: { username: 'replicator', password, ...tls },
      },
      parameters: {
        unix_socket_directories: file(`${name}.socket`),
        ssl: 'on',
        ssl_cert_file: file(`${name}.crt`),
        ssl_key_file: file(`${name}.key`),
      },
      pg_hba: [
        'local   all         postgres                 scram-sha-256',
        'local   replication replicator               scram-sha-256',
        'hostssl all         postgres   127.0.0.0/8   scram-sha-256',
        'hostssl replication replicator 127.0.0.0/8   scram-sha-256',
        'hostssl latchkey    latchkey   127.0.0.0/8   scram-sha-256',
      ],
    },
  }
}
