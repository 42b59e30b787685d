import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { expect, test } from '@jest/globals'
import { validate as isUuid, version as uuidVersion } from 'uuid'
import { newId } from '../../src/database/new-id.ts'
import { hashOpaqueToken, newOpaqueToken } from '../../src/security/opaque-token.ts'
import { newReceipt } from '../../src/security/receipt.ts'
import { deriveRefreshToken, readRefreshToken } from '../../src/security/refresh-token.ts'
import { Secret } from '../../src/security/secret.ts'

const KEY = Buffer.alloc(32, 1)
const CLAIM = { sessionId: '01a209b0-49eb-7611-bfb5-a4d814907a26', counter: 3 }

test('an opaque token is 256 random bits, and its SHA-256 is all that is kept', () => {
  const { token, hash } = newOpaqueToken()

  expect(Buffer.from(token.reveal(), 'base64url')).toHaveLength(32)
  expect(token.reveal()).toHaveLength(43)
  expect(hash).toBe(createHash('sha256').update(token.reveal()).digest('hex'))
  expect(hashOpaqueToken(token.reveal())).toBe(hash)
})

test('the hash of a known token is the known one', () => {
  // sha256('A' x 43), from sha256sum
  expect(hashOpaqueToken('A'.repeat(43))).toBe('0f007385b6f9d4b7eeb2748605afe1a984a0a3bfa3f014d09e2a784ce9e5cd1a')
})

test('a thousand tokens are a thousand', () => {
  expect(new Set(Array.from({ length: 1000 }, () => newOpaqueToken().token.reveal())).size).toBe(1000)
})

test.each([
  '',
  'A'.repeat(42),
  'A'.repeat(44),
  `${'A'.repeat(42)}+`,
  `${'A'.repeat(42)}=`,
  `${'A'.repeat(43)}\n`,
  '🔑'.repeat(43),
])('%j is no opaque token, and is never looked for', (presented) => {
  expect(hashOpaqueToken(presented)).toBeNull()
})

test('a secret shows itself in no text, no JSON and no log', () => {
  const secret = new Secret('hunter2')
  const shown = [
    String(secret),
    JSON.stringify({ secret }),
    inspect({ secret }),
    `${secret}`,
    inspect(secret, { showHidden: true }),
  ]

  for (const text of shown) {
    expect(text).toContain('[redacted]')
    expect(text).not.toContain('hunter2')
  }
  expect(Object.keys(secret)).toEqual([])
  expect(secret.reveal()).toBe('hunter2')
})

test('a refresh token says which it is of which session, to whoever has the key', () => {
  const token = deriveRefreshToken(CLAIM, KEY).reveal()

  expect(token).toMatch(/^lkr_[\w-]{70}$/)
  expect(readRefreshToken(token, [KEY])).toEqual(CLAIM)
  expect(deriveRefreshToken(CLAIM, KEY).reveal()).toBe(token)
})

test('the counter reaches as far as four bytes do', () => {
  for (const counter of [0, 1, 2 ** 31, 2 ** 32 - 1]) {
    expect(readRefreshToken(deriveRefreshToken({ ...CLAIM, counter }, KEY).reveal(), [KEY])?.counter).toBe(counter)
  }
})

test('an older key still reads what it made; another key reads nothing', () => {
  const token = deriveRefreshToken(CLAIM, KEY).reveal()

  expect(readRefreshToken(token, [Buffer.alloc(32, 2), KEY])).toEqual(CLAIM)
  expect(readRefreshToken(token, [Buffer.alloc(32, 2)])).toBeNull()
  expect(readRefreshToken(token, [])).toBeNull()
})

test('a refresh token with any one bit changed is none', () => {
  const bytes = Buffer.from(deriveRefreshToken(CLAIM, KEY).reveal().slice(4), 'base64url')
  expect(bytes).toHaveLength(52)

  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const bent = Buffer.from(bytes)
    bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    expect(readRefreshToken(`lkr_${bent.toString('base64url')}`, [KEY])).toBeNull()
  }
})

test('a refresh token has one spelling', () => {
  const token = deriveRefreshToken(CLAIM, KEY).reveal()
  const last = token.at(-1) ?? ''
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

  for (const other of alphabet.replace(last, '')) expect(readRefreshToken(token.slice(0, -1) + other, [KEY])).toBeNull()
  for (const bent of [`${token}=`, ` ${token}`, token.slice(4), token.replace('lkr_', 'LKR_'), `${token}\n`]) {
    expect(readRefreshToken(bent, [KEY])).toBeNull()
  }
})

test('a receipt is twelve characters nobody mishears', () => {
  const receipts = Array.from({ length: 500 }, newReceipt)

  for (const receipt of receipts) expect(receipt).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$/)
  expect(new Set(receipts).size).toBe(500)
  expect(new Set(receipts.join('').replaceAll('-', '')).size).toBe(32)
})

test('ids are UUIDs of version 7, and ascend although many are made in one millisecond', () => {
  const ids = Array.from({ length: 2_000 }, newId)

  expect(ids.filter((id) => !isUuid(id) || uuidVersion(id) !== 7)).toEqual([])
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids).toEqual([...ids].sort())
})
