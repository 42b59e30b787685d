import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type ConnectionOptions, createSecureContext } from 'node:tls'
import { InvalidDatabaseUrl } from './invalid-database-url.ts'

/**
 * Reads how a connection is encrypted. `require` verifies the server, like `verify-full`: encryption without it does not
 * protect against an attacker on the network.
 *
 * @returns false for a connection without TLS.
 * @throws {InvalidDatabaseUrl} also if a file cannot be used. Each connection would fail later, and it would look as if
 *   the server could not be reached.
 */
export function readTls(parameters: ReadonlyMap<string, string>): ConnectionOptions | false {
  const given = {
    ...readCertificateAuthority(parameters.get('sslrootcert')),
    ...readClientCertificate(parameters.get('sslcert'), parameters.get('sslkey')),
  }
  const mode = parameters.get('sslmode') ?? (Object.keys(given).length > 0 ? 'verify-full' : 'disable')
  switch (mode) {
    case 'disable':
      return false
    case 'no-verify':
      return { ...given, rejectUnauthorized: false }
    case 'verify-ca':
      return { ...given, checkServerIdentity: () => undefined }
    case 'require':
    case 'verify-full':
      return given
    default:
      throw new InvalidDatabaseUrl(
        'has an sslmode that is not supported: write disable, no-verify, verify-ca, require or verify-full',
      )
  }
}

function readCertificateAuthority(path: string | undefined): { ca?: string } {
  if (path === undefined) return {}
  const ca = readTlsFile('sslrootcert', path)
  // OpenSSL ignores a file without a certificate, and then trusts no server.
  explainFailure(() => new X509Certificate(ca), `names ${path} as sslrootcert, which does not begin with a certificate`)
  return { ca }
}

function readClientCertificate(
  certPath: string | undefined,
  keyPath: string | undefined,
): { cert?: string; key?: string } {
  if (certPath === undefined && keyPath === undefined) return {}
  if (certPath === undefined || keyPath === undefined) {
    throw new InvalidDatabaseUrl('names one of sslcert and sslkey: a client certificate needs both')
  }
  const cert = readTlsFile('sslcert', certPath)
  const key = readTlsFile('sslkey', keyPath)
  explainFailure(
    () => createSecureContext({ cert, key }),
    `names ${certPath} as sslcert and ${keyPath} as sslkey, which are not a certificate and its private key without a passphrase`,
  )
  return { cert, key }
}

function readTlsFile(parameter: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new InvalidDatabaseUrl(`names the file ${path} as ${parameter}, which cannot be read (${code})`)
  }
}

function explainFailure(use: () => unknown, explanation: string): void {
  try {
    use()
  } catch (error) {
    throw new InvalidDatabaseUrl(`${explanation} (${(error as NodeJS.ErrnoException).code})`)
  }
}
