import { describe, expect, test } from '@jest/globals'
import { parseTime } from '../../src/domain/times.ts'
import '../support/matchers.ts'
import { openSupportDesk } from '../support/support-desk.ts'
import { startTestApp } from '../support/test-app.ts'

/** A time that does not exist, such as 30 February, is refused. `new Date` would move it to another time. */
const service = await startTestApp()
const desk = await openSupportDesk(service)

const EXISTING: ReadonlyArray<readonly [text: string, written: string]> = [
  ['2026-03-31T14:00:00Z', '2026-03-31T14:00:00.000Z'],
  ['2026-03-31t14:00:00z', '2026-03-31T14:00:00.000Z'],
  ['2026-03-31T14:00:00.1Z', '2026-03-31T14:00:00.100Z'],
  ['2026-03-31T14:00:00.123456789Z', '2026-03-31T14:00:00.123Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ['2026-03-31T23:30:00+05:45', '2026-03-31T17:45:00.000Z'],
  ['2026-12-31T23:00:00-02:30', '2027-01-01T01:30:00.000Z'],
  ['0099-01-01T00:00:00Z', '0099-01-01T00:00:00.000Z'],
]
const NOT_EXISTING = [
  '2026-02-30T00:00:00Z',
  '2025-02-29T12:00:00Z',
  '2026-04-31T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-00-10T00:00:00Z',
  '2026-01-00T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '2026-01-01T23:60:00Z',
  '2026-06-30T23:59:60Z',
  '2026-01-01T00:00:00+24:00',
  '2026-01-01T00:00:00+01:60',
  '2026-01-01T00:00:00',
  '2026-01-01 00:00:00Z',
  '2026-01-01',
  '1767225600',
  ' 2026-01-01T00:00:00Z',
  '',
]

describe('a time from outside', () => {
  test.each(EXISTING)('%s is read as %s', (text, written) => {
    expect(parseTime(text)?.toISOString()).toBe(written)
  })

  test.each(NOT_EXISTING)('%j is not a time', (text) => {
    expect(parseTime(text)).toBeNull()
  })
})

describe.each(['2026-02-30T00:00:00Z', '2026-06-30T23:59:60Z', '2026-01-01T24:00:00Z', '2026-01-01T00:00:00+24:00'])(
  'the time %s, which does not exist,',
  (time) => {
    test.each(['from', 'to'])('is refused as %s of an export', async (field) => {
      const refused = await desk.get(`/events/export?${field}=${encodeURIComponent(time)}`)

      expect(refused).toRefuse('invalid_request')
      expect(refused.body.violations).toMatchObject([{ field }])
    })

    test('is refused as createdAt of an account', async () => {
      const refused = await desk.post('/users', { email: service.people.newEmail(), createdAt: time })

      expect(refused).toRefuse('invalid_request')
      expect(refused.body.violations).toMatchObject([{ field: 'createdAt' }])
    })
  },
)
