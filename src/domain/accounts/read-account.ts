import type { Deps } from '../../deps.ts'
import type { Principal } from '../principals.ts'
import { Refusal } from '../problems.ts'
import { pendingChange } from '../row-states.ts'

export interface AccountView {
  readonly id: string
  readonly email: string
  readonly emailVerified: boolean
  readonly pendingEmail: string | null
  readonly createdAt: Date
  readonly passwordChangedAt: Date | null
  /** The BCP 47 tag of the language that the person reads mail in. */
  readonly locale: string | null
}

/**
 * The account of a signed-in person, as they see it.
 *
 * @throws {Refusal} unauthenticated if the account has been erased at this moment.
 */
export async function readAccount(deps: Deps, principal: Principal): Promise<AccountView> {
  const found = await deps.db.account.findUnique({
    where: { id: principal.accountId },
    select: {
      id: true,
      email: true,
      emailVerifiedAt: true,
      createdAt: true,
      passwordChangedAt: true,
      locale: true,
      emailChanges: {
        where: pendingChange(deps.clock.now()),
        select: { toEmail: true },
      },
    },
  })
  if (!found) throw new Refusal('unauthenticated')
  const { emailVerifiedAt, emailChanges, ...account } = found
  return { ...account, emailVerified: emailVerifiedAt !== null, pendingEmail: emailChanges[0]?.toEmail ?? null }
}
