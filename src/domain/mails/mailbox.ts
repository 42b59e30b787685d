import type { Deps } from '../../deps.ts'

/** Domains whose mailboxes are the same with and without dots in the local part. */
const DOTS_DO_NOT_MATTER: ReadonlySet<string> = new Set(['gmail.com', 'googlemail.com'])

/**
 * A keyed hash of the mailbox that an address probably leads to: `ada+1@` and `ada+2@` are one mailbox. It is only for
 * limits, where treating two mailboxes as one costs a mail. Identity never depends on it.
 */
export function hashMailbox(deps: Pick<Deps, 'keys'>, address: string): string {
  return deps.keys.keyedHash('mailbox', foldMailbox(address))
}

function foldMailbox(address: string): string {
  const at = address.lastIndexOf('@')
  const domain = address.slice(at + 1).toLowerCase()
  const [local = ''] = address.slice(0, at).toLowerCase().split('+')
  if (!DOTS_DO_NOT_MATTER.has(domain)) return `${local}@${domain}`
  return `${local.replaceAll('.', '')}@gmail.com`
}
