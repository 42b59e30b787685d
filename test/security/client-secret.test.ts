import { createHash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { matchesClientSecret, newClientSecret } from '../../src/security/client-secret.ts'

const KNOWN = 'lks_SAJMbBgdMnrz-5ZSb_CEcJYTs6SmNQ6J_7sBmgR9tvM'
const HASH = createHash('sha256').update(KNOWN).digest('hex')

test('a new secret has 256 random bits behind a prefix that scanners know, and its hash is plain SHA-256', () => {
  const { secret, hash } = newClientSecret()

  expect(secret.reveal()).toMatch(/^lks_[A-Za-z0-9_-]{43}$/)
  expect(hash).toBe(createHash('sha256').update(secret.reveal()).digest('hex'))
  expect(newClientSecret().secret.reveal()).not.toBe(secret.reveal())
  expect(`${secret} ${JSON.stringify({ secret })}`).not.toContain('lks_')
})

test('a known secret matches a known hash, as the current one and as the one before', () => {
  expect(matchesClientSecret(KNOWN, [HASH, null])).toBe(true)
  expect(matchesClientSecret(KNOWN, ['1'.repeat(64), HASH])).toBe(true)
})

test.each([
  ['another secret', `${KNOWN.slice(0, -1)}A`],
  ['a part of it', KNOWN.slice(0, -1)],
  ['without the prefix', KNOWN.slice(4)],
  ['the hash itself', HASH],
  ['nothing', ''],
])('%s does not match', (_, presented) => {
  expect(matchesClientSecret(presented, [HASH, HASH])).toBe(false)
})

test('where there is no hash nothing matches, not even what stands in for it', () => {
  expect(matchesClientSecret(KNOWN, [null, null])).toBe(false)
  expect(matchesClientSecret('', [null, null])).toBe(false)
  expect(matchesClientSecret('0'.repeat(64), [null, null])).toBe(false)
})
