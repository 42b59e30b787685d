import { Type } from '@fastify/type-provider-typebox'
import { validate as isUuid } from 'uuid'
import type { Page } from '../domain/page.ts'
import { Refusal } from '../domain/problems.ts'
import { parseAddress } from '../mail/email-address.ts'

const DEFAULT_LIMIT = 20

/** What a list is ordered by. */
type Key = 'id' | 'address'

/** The query of every list that is read page by page. */
export const pageQuery = {
  limit: Type.Optional(
    Type.String({
      pattern: '^([1-9][0-9]?|100)$',
      description: 'How many at most: 1 to 100, 20 where it is left out.',
    }),
  ),
  cursor: Type.Optional(
    Type.String({ maxLength: 512, description: 'From `nextCursor` of the page before, for the same query.' }),
  ),
}

export const NextCursor = Type.Union([Type.String(), Type.Null()], {
  description: 'For the next page; null where this is the last.',
})

/** @throws {Refusal} invalid_request where the cursor is none of ours. */
export function pageIn(query: { limit?: string; cursor?: string }, key: Key = 'id'): Page {
  const limit = Number(query.limit ?? DEFAULT_LIMIT)
  return query.cursor === undefined ? { limit } : { limit, after: readCursor(query.cursor, key) }
}

/** Opaque to its readers, so that what lists are ordered by can change. */
export function toCursor(next: string | null): string | null {
  return next === null ? null : Buffer.from(next).toString('base64url')
}

/** The key of a list's last item. Nothing else reaches the database, a cursor of another list's either. */
function readCursor(cursor: string, key: Key): string {
  const last = Buffer.from(cursor, 'base64url').toString('utf8')
  const isWellFormed = key === 'id' ? isUuid(last) : parseAddress(last)?.address === last
  if (isWellFormed && toCursor(last) === cursor) return last
  const message = 'Take it from nextCursor as it is.'
  throw new Refusal('invalid_request', { violations: [{ field: 'cursor', rule: 'cursor', message }] })
}
