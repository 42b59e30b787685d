import type { Config } from '../../config/config.ts'
import { newOpaqueToken } from '../../security/opaque-token.ts'
import type { Secret } from '../../security/secret.ts'

export type LinkPurpose = 'verify_email' | 'reset_password' | 'confirm_email' | 'revert_email'

/** For each purpose, the page of the frontend that receives the token, and how long the link works by default. */
const purposes = {
  verify_email: { page: 'verifyEmail', lifetime: 'verifyToken' },
  reset_password: { page: 'resetPassword', lifetime: 'resetToken' },
  confirm_email: { page: 'confirmEmail', lifetime: 'verifyToken' },
  revert_email: { page: 'revertEmail', lifetime: 'revertToken' },
} as const satisfies Record<LinkPurpose, { page: keyof Config['links']; lifetime: keyof Config['lifetimes'] }>

export interface NewMailedLink {
  readonly purpose: LinkPurpose
  /** The account that the link acts on. A link to verify a registration, or to open an account, has none. */
  readonly account?: { readonly id: string; readonly credentialVersion: number }
  readonly registrationId?: string
  readonly emailChangeId?: string
  /** The time at which the link expires, if not after the default lifetime of its purpose. */
  readonly expiresAt?: Date
}

/** The row of a link that has not been stored yet. */
export interface NewMailedToken {
  readonly tokenHash: string
  readonly purpose: LinkPurpose
  readonly address: string
  readonly accountId: string | null
  readonly credentialVersion: number | null
  readonly registrationId: string | null
  readonly emailChangeId: string | null
  readonly createdAt: Date
  readonly expiresAt: Date
}

/**
 * Creates the link that a mail is about to carry. The worker calls this as it sends the mail, so that the lifetime of
 * the link starts then. The link works once its row, which has only a hash of its token, is stored with the mail's plan.
 *
 * A revert link does not depend on the account's credential version: it must work whatever a thief changes meanwhile.
 *
 * @returns the row, and what the text of the mail needs: the link, and for how many seconds it works.
 */
export function createMailedLink(
  context: {
    readonly deps: { readonly config: Config }
    readonly mail: { readonly address: string }
    readonly now: Date
  },
  wanted: NewMailedLink,
): { token: NewMailedToken; link: { link: string; lifetimeSeconds: number } } {
  const { deps, mail, now } = context
  const { purpose, account, registrationId = null, emailChangeId = null } = wanted
  const { page, lifetime } = purposes[purpose]
  const expiresAt = wanted.expiresAt ?? new Date(now.getTime() + deps.config.lifetimes[lifetime] * 1000)
  const { token, hash } = newOpaqueToken()
  return {
    token: {
      tokenHash: hash,
      purpose,
      address: mail.address,
      accountId: account?.id ?? null,
      credentialVersion: purpose === 'revert_email' ? null : (account?.credentialVersion ?? null),
      registrationId,
      emailChangeId,
      createdAt: now,
      expiresAt,
    },
    link: {
      link: linkTo(deps.config.links[page], token),
      lifetimeSeconds: Math.round((expiresAt.getTime() - now.getTime()) / 1000),
    },
  }
}

/** Puts the token into the configured page. The request has no influence on where a link leads. */
function linkTo(page: string, token: Secret<'token'>): string {
  return page.replace('{token}', token.reveal())
}
