import pg from 'pg'
import { Prisma } from '../generated/client.ts'

/** The database could not be reached, or the connection to it was lost. Waiting may help. */
export class DatabaseUnreachable extends Error {
  override readonly name = 'DatabaseUnreachable'
}

/** The server refuses the connection for a reason that waiting does not change. The message is one line. */
export class DatabaseRefused extends Error {
  override readonly name = 'DatabaseRefused'
}

/**
 * Invalid authorisation (28), no such database (3D), no privilege to connect (42501), and settings that the server
 * refuses (22, 0A).
 */
const REFUSED_SQLSTATE = /^(28|3D|42|22|0A)/

/** Node's codes for certificates that fail verification, and OpenSSL's for a handshake that fails. */
const TLS_CODE = /^(ERR_TLS_|ERR_SSL_|EPROTO|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH)/

/** The message of node-postgres 8.23 for a server without TLS. The error has no code. */
const NO_TLS = 'The server does not support SSL connections'

/** Converts the error of a failed connection attempt. Every error that is not a refusal is treated as an outage. */
export function toConnectError(error: unknown): DatabaseUnreachable | DatabaseRefused {
  if (error instanceof DatabaseUnreachable || error instanceof DatabaseRefused) return error
  const { code, message } = describe(error)
  if (error instanceof pg.DatabaseError && REFUSED_SQLSTATE.test(code)) {
    return new DatabaseRefused(`The database refused the connection: ${message} (SQLSTATE ${code})`, { cause: error })
  }
  if (TLS_CODE.test(code) || message === NO_TLS) {
    return new DatabaseRefused(`TLS to the database failed: ${message}. See sslmode and sslrootcert in DATABASE_URL.`, {
      cause: error,
    })
  }
  return new DatabaseUnreachable(message, { cause: error })
}

/**
 * Converts an error of a query on an open connection. An error without an SQLSTATE comes from the connection: it was
 * lost, or the server did not answer in time.
 */
export function toQueryError(error: unknown): unknown {
  if (error instanceof pg.DatabaseError) return error
  if (error instanceof DatabaseUnreachable || error instanceof DatabaseRefused) return error
  if (error instanceof TypeError || error instanceof RangeError) return error // a parameter that cannot be sent
  return new DatabaseUnreachable(describe(error).message, { cause: error })
}

/**
 * If several addresses of one host name failed, the error has no message itself but contains the error of each address.
 */
function describe(error: unknown): { code: string; message: string } {
  if (error instanceof AggregateError && error.message === '') {
    return {
      code: describe(error.errors[0]).code,
      message: error.errors.map((each) => describe(each).message).join('; '),
    }
  }
  if (!isError(error)) return { code: '', message: String(error) }
  return { code: 'code' in error ? String(error.code) : '', message: error.message || error.name }
}

/** Prisma's codes: unreachable, time-out, closed, no free connection, a transaction that took too long. */
const UNAVAILABLE_PRISMA = /^P(1001|1002|1008|1017|2024|2028|2037)$/

/**
 * PostgreSQL's classes and codes for a server that cannot serve now: connection (08), conflict with another transaction
 * (40001, 40P01), resources (53), an operator or a time-out (57), the operating system (58), a lock that is not free
 * (55P03), a server that is read-only (25006), a session that was idle in a transaction (25P03).
 */
const UNAVAILABLE_SQLSTATE = /^(08|40001|40P01|53|57|58|55P03|25006|25P03)/

/**
 * Whether the error means that the database is unavailable, overloaded or read-only, rather than that the code is
 * wrong.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseUnreachable || error instanceof DatabaseRefused) return true
  if (!isError(error)) return false
  if (error instanceof pg.DatabaseError) return UNAVAILABLE_SQLSTATE.test(error.code ?? '')
  const code = 'code' in error ? String(error.code) : ''
  if (UNAVAILABLE_PRISMA.test(code) || UNAVAILABLE_SQLSTATE.test(sqlStateOf(error))) return true
  return isDatabaseUnavailable(error.cause)
}

const WRITE_CONFLICT = /^(40001|40P01)$/

/** Whether PostgreSQL aborted the transaction because of a conflict with another one, so that it can be run again. */
export function isWriteConflict(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return WRITE_CONFLICT.test(error.code ?? '')
  return (
    error instanceof Prisma.PrismaClientKnownRequestError &&
    (error.code === 'P2034' || WRITE_CONFLICT.test(sqlStateOf(error)))
  )
}

/** The SQLSTATE of an error of either driver; '' if it has none. Prisma's adapter keeps it in its metadata. */
export function sqlStateOf(error: unknown): string {
  if (error instanceof pg.DatabaseError) return error.code ?? ''
  if (!isError(error)) return ''
  const meta =
    'meta' in error ? (error.meta as { driverAdapterError?: { cause?: { originalCode?: string } } } | null) : null
  const own = error.cause as { originalCode?: string } | undefined
  return meta?.driverAdapterError?.cause?.originalCode ?? own?.originalCode ?? ''
}

/** Recognises an error by its shape, because `instanceof` does not recognise a native error from another realm. */
function isError(error: unknown): error is Error {
  return typeof error === 'object' && error !== null && 'message' in error && 'name' in error
}
