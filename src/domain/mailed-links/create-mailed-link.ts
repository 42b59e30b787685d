import type { Config } from '../../config/config.ts'
import type { Transaction } from '../../database/client.ts'
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

/** Of the mail that will contain the link, what the link needs to know. */
interface LinkContext {
  readonly deps: { readonly config: Config }
  readonly tx: Transaction
  readonly mail: { readonly id: string; readonly address: string }
  readonly now: Date
}

/**
 * Creates the link that a mail is about to carry. The worker calls this as it sends the mail, so that the lifetime of
 * the link starts then. Only a hash of its token is stored.
 *
 * A revert link does not depend on the account's credential version: it must work whatever a thief changes meanwhile.
 *
 * @returns what the text of the mail needs: the link, and for how many seconds it works.
 */
export async function createMailedLink(
  { deps, tx, mail, now }: LinkContext,
  wanted: NewMailedLink,
): Promise<{ link: string; lifetimeSeconds: number }> {
  const { purpose, account, registrationId, emailChangeId } = wanted
  const { page, lifetime } = purposes[purpose]
  const expiresAt = wanted.expiresAt ?? new Date(now.getTime() + deps.config.lifetimes[lifetime] * 1000)
  const { token, hash } = newOpaqueToken()
  await tx.mailedToken.create({
    data: {
      tokenHash: hash,
      purpose,
      mailId: mail.id,
      address: mail.address,
      accountId: account?.id ?? null,
      credentialVersion: purpose === 'revert_email' ? null : (account?.credentialVersion ?? null),
      registrationId: registrationId ?? null,
      emailChangeId: emailChangeId ?? null,
      createdAt: now,
      expiresAt,
    },
  })
  return {
    link: linkTo(deps.config.links[page], token),
    lifetimeSeconds: Math.round((expiresAt.getTime() - now.getTime()) / 1000),
  }
}

/** Puts the token into the configured page. The request has no influence on where a link leads. */
function linkTo(page: string, token: Secret<'token'>): string {
  return page.replace('{token}', token.reveal())
}
