import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { encodeHashInput, keyedHash } from '../../src/security/keyed-hash.ts'

const KEY = Buffer.alloc(32, 7)

/** Texts that could give equal input for different parts: pieces of the encoding, separator words, and lone surrogates. */
const part = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc
    .array(
      fc.constantFrom('"', '","', '\\', '[', ']', ' from ', 'in session ', 'a', 'b', '\ud800', '\udfff', '\ufffd', ''),
    )
    .map((pieces) => pieces.join('')),
)
const input = fc.tuple(part, fc.array(part, { maxLength: 4 }))

test('no two different purposes and parts have the same hash input', () => {
  fc.assert(
    fc.property(input, input, ([purpose, parts], [otherPurpose, otherParts]) => {
      const isSame = JSON.stringify([purpose, parts]) === JSON.stringify([otherPurpose, otherParts])
      const bytes = Buffer.from(encodeHashInput(purpose, parts))
      const otherBytes = Buffer.from(encodeHashInput(otherPurpose, otherParts))
      expect(bytes.equals(otherBytes)).toBe(isSame)
    }),
    { numRuns: 5_000 },
  )
})

test('the purpose and parts can be read back from the hash input, so the encoding loses nothing', () => {
  fc.assert(
    fc.property(input, ([purpose, parts]) => {
      const bytes = Buffer.from(encodeHashInput(purpose, parts))
      expect(JSON.parse(bytes.toString())).toEqual([purpose, ...parts])
    }),
    { numRuns: 5_000 },
  )
})

test('a text moved from one part to the next has another hash', () => {
  expect(keyedHash(KEY, 'limited use', 'a from b', 'c')).not.toBe(keyedHash(KEY, 'limited use', 'a', 'b from c'))
  expect(keyedHash(KEY, 'limited use', 'ab')).not.toBe(keyedHash(KEY, 'limited use', 'a', 'b'))
})

test('one text has another hash for each purpose', () => {
  const purposes = ['address', 'erased address', 'typed text', 'limited use'] as const

  const hashes = purposes.map((purpose) => keyedHash(KEY, purpose, 'ada@example.com'))

  expect(new Set(hashes).size).toBe(purposes.length)
})

test('the hash is HMAC-SHA-256 of the JSON array, computed elsewhere with openssl', () => {
  expect(keyedHash(KEY, 'address', 'ada@example.com')).toBe(
    'ccd9b18628f4db04e93edf34ef50ef826a9998f7c99fb289f39fae2d720ebf11',
  )
})
