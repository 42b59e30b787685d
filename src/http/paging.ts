import { validate as isUuid } from 'uuid'
import type { Page } from '../domain/page.ts'
import { Refusal } from '../domain/problems.ts'
import { parseAddress } from '../mail/email-address.ts'
import { Type } from './openapi/schema-types.ts'
import { nullable } from './schemas.ts'

const DEFAULT_LIMIT = 20

/** What a list is ordered by. */
type Key = 'id' | 'address'

/** The query of every list that is read page by page. */
export const pageQuery = {
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100,
      default: DEFAULT_LIMIT,
      description: 'The largest number of items on the page.',
      examples: [50],
    }),
  ),
  cursor: Type.Optional(
    Type.String({
      maxLength: 512,
      description: 'The `nextCursor` of the previous page of the same query. Without it, the first page is returned.',
    }),
  ),
}

export const NextCursor = nullable(
  Type.String(),
  'The `cursor` of the next page, to be sent without changes. It is null on the last page.',
)

/** @throws {Refusal} invalid_request if the service did not create the cursor. */
export function pageIn(query: { limit?: number; cursor?: string }, key: Key = 'id'): Page {
  const { limit = DEFAULT_LIMIT } = query
  return query.cursor === undefined ? { limit } : { limit, after: readCursor(query.cursor, key) }
}

/** Creates a cursor. It is opaque to clients, so that the order of lists can change. */
export function toCursor(next: string | null): string | null {
  return next === null ? null : Buffer.from(next).toString('base64url')
}

/** Reads the key of the last item from a cursor. No other text reaches the database, and no cursor of another list. */
function readCursor(cursor: string, key: Key): string {
  const last = Buffer.from(cursor, 'base64url').toString('utf8')
  const isWellFormed = key === 'id' ? isUuid(last) : parseAddress(last)?.address === last
  if (isWellFormed && toCursor(last) === cursor) return last
  const message = 'Use the nextCursor of the previous page without changes.'
  throw new Refusal('invalid_request', { violations: [{ field: 'cursor', rule: 'cursor', message }] })
}
