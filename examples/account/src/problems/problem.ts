import type { Problem as AnyProblem } from '@latchkey/client'

/** A problem as the client reports it, from whichever route. */
export type Problem = AnyProblem<string>

/** What a call resolves to: either the data or the problem. */
export interface Result<Data> {
  readonly data?: Data | undefined
  readonly problem?: Problem | undefined
}
