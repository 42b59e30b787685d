import { expect, test } from '@jest/globals'
import { parseDatabaseUrl } from '../../src/database/connection/database-url.ts'

test('a URL may name several hosts, whose primary is then wanted', () => {
  const target = parseDatabaseUrl('postgresql://app:p%40ss@one:6432,two,[::1]:5433/login')

  expect(target).toMatchObject({
    hosts: [
      { host: 'one', port: 6432 },
      { host: 'two', port: 5432 },
      { host: '::1', port: 5433 },
    ],
    user: 'app',
    password: 'p@ss',
    database: 'login',
    mustBeWritable: true,
  })
  expect(parseDatabaseUrl('postgresql://one,two/x?target_session_attrs=any').mustBeWritable).toBe(false)
  expect(parseDatabaseUrl('postgresql://one/x').mustBeWritable).toBe(false)
})

test('a URL may name a socket as libpq does', () => {
  const socket = [{ host: '/run/postgresql', port: 5433 }]

  expect(parseDatabaseUrl('postgresql://a@localhost:5433/x?host=/run/postgresql').hosts).toEqual(socket)
  expect(parseDatabaseUrl('postgresql:///x?host=/run/postgresql&port=5433').hosts).toEqual(socket)
  expect(parseDatabaseUrl('postgresql://%2Frun%2Fpostgresql:5433/x').hosts).toEqual(socket)
})

test('TLS verifies the server unless the URL says otherwise', () => {
  const sslOf = (query: string) => parseDatabaseUrl(`postgresql://a@db.example/x${query}`).ssl

  expect(sslOf('')).toBe(false)
  expect(sslOf('?sslmode=disable')).toBe(false)
  expect(sslOf('?sslmode=require')).toEqual({})
  expect(sslOf('?sslmode=verify-full')).toEqual({})
  expect(sslOf('?sslmode=no-verify')).toEqual({ rejectUnauthorized: false })
})

test.each([
  ['mysql://a@b/c', 'must have the form postgresql://user:password@host:port/database'],
  ['postgresql://a@b/c?max=5', 'has the parameter "max", which is not supported: set DATABASE_POOL_SIZE'],
  ['postgresql://a@b/c?connection_limit=5', 'is not supported: set DATABASE_POOL_SIZE'],
  ['postgresql://a@b/c?sslmod=require', 'has the parameter "sslmod", which is not supported: the parameters are'],
  ['postgresql://a@b/c?sslmode=prefer', 'has an sslmode that is not supported'],
  [
    'postgresql://a@b/c?sslrootcert=/nope.pem',
    'names the file /nope.pem as sslrootcert, which cannot be read (ENOENT)',
  ],
  ['postgresql://a@b/c?schema=x;y', 'has a schema that is not a name'],
  ['postgresql://a@b/c?schema=graphile_worker', "is the queue's own"],
  ['postgresql://a@b:99999/c', 'has a port that is not a number from 1 to 65535'],
  ['postgresql://a:p%ss@b/c', 'write %25 for "%"'],
  ['postgresql://a@b/c?target_session_attrs=standby', 'has target_session_attrs other than'],
  ['postgresql://a@b/c?options=jit', 'has options that are not of the form -c name=value'],
])('the URL %s is refused with a reason', (url, reason) => {
  expect(() => parseDatabaseUrl(url)).toThrow(reason)
})

test('options are read as the server would read them', () => {
  const { options } = parseDatabaseUrl(
    'postgresql://a@b/c?options=-c%20jit%3Doff%20--work_mem%3D8MB%20-c%20a.b%3Dx%5C%20y',
  )

  expect(options).toEqual([
    ['jit', 'off'],
    ['work_mem', '8MB'],
    ['a.b', 'x y'],
  ])
})
