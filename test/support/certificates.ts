import { execFileSync } from 'node:child_process'

/** Whether the tests can make certificates here. */
export function hasOpenssl(): boolean {
  try {
    return /^OpenSSL [3-9]/.test(execFileSync('openssl', ['version'], { encoding: 'utf8' }))
  } catch {
    return false
  }
}

/**
 * Writes a key and a certificate: one that a CA has signed for a name (`DNS:localhost`, `IP:127.0.0.1`), or that of a CA.
 */
export function certify(target: string, subject: string, signed?: { ca: string; name: string }): void {
  const by = signed
    ? ['-CA', `${signed.ca}.crt`, '-CAkey', `${signed.ca}.key`, '-addext', `subjectAltName=${signed.name}`]
    : ['-addext', 'keyUsage=critical,keyCertSign']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const files = ['-keyout', `${target}.key`, '-out', `${target}.crt`]
  execFileSync('openssl', ['req', '-x509', '-days', '2', '-subj', subject, ...key, ...by, ...files], { stdio: 'pipe' })
}
