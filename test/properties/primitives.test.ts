import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { stringify as formatUuid } from 'uuid'
import { brokenRules } from '../../src/domain/password-policy/password-policy.ts'
import { networkOf } from '../../src/domain/throttle/network.ts'
import { parseStrictJson, UnreadableBody } from '../../src/http/bodies/strict-json.ts'
import { parseAddress } from '../../src/mail/email-address.ts'
import type { HashingPlace } from '../../src/security/hashing/hashing-lane.ts'
import { hashOpaqueToken, newOpaqueToken } from '../../src/security/opaque-token.ts'
import { createPasswords } from '../../src/security/password-hash.ts'
import { PlainPassword } from '../../src/security/plain-password.ts'
import { deriveRefreshToken, readRefreshToken } from '../../src/security/refresh-token.ts'
import { createSealer } from '../../src/security/sealed-value.ts'
import { Secret } from '../../src/security/secret.ts'

const RUNS = { numRuns: 2_000 }
const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string())

describe('addresses', () => {
  const typed = fc.oneof(
    fc.emailAddress(),
    anyText,
    fc.tuple(anyText, anyText).map(([local, domain]) => `${local}@${domain}`),
    fc.tuple(fc.emailAddress(), anyText).map(([email, more]) => email + more),
    fc.tuple(anyText, fc.domain()).map(([local, domain]) => `${local}@${domain}`),
  )

  test('what is accepted is plain ASCII of one mailbox, within the lengths a mail server takes', () => {
    fc.assert(
      fc.property(typed, (text) => {
        const parsed = parseAddress(text)
        if (parsed === null) return
        expect(parsed.email).toMatch(/^[!#-'*+\-/-9=?A-Z^-~.]{1,64}@[a-z0-9.-]+\.[a-z0-9-]+$/)
        expect(parsed.email.length).toBeLessThanOrEqual(254)
        expect(parsed.address).toBe(parsed.email.toLowerCase())
      }),
      RUNS,
    )
  })

  test('reading what was read changes nothing, and case makes no second account', () => {
    fc.assert(
      fc.property(typed, (text) => {
        const parsed = parseAddress(text)
        if (parsed === null) return
        expect(parseAddress(parsed.email)).toEqual(parsed)
        expect(parseAddress(parsed.address)?.address).toBe(parsed.address)
        expect(parseAddress(parsed.email.toUpperCase())?.address).toBe(parsed.address)
      }),
      RUNS,
    )
  })

  test('no two different ASCII spellings of an address but for case are one', () => {
    fc.assert(
      fc.property(fc.emailAddress(), fc.emailAddress(), (one, other) => {
        const [first, second] = [parseAddress(one), parseAddress(other)]
        if (!first || !second) return
        expect(first.address === second.address).toBe(one.toLowerCase() === other.toLowerCase())
      }),
      RUNS,
    )
  })
})

describe('passwords', () => {
  const pepper = { id: 'one', key: Buffer.alloc(32, 7) }
  const peppers = { current: () => pepper, find: (id: string) => (id === pepper.id ? pepper.key : undefined) }
  const place: HashingPlace = { use: (work) => work() }
  const passwords = createPasswords({ cost: 4, peppers, importKeys: peppers })
  const typed = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 })

  test('a hash fits its own password in either normal form, and no other password', async () => {
    await fc.assert(
      fc.asyncProperty(typed, typed, async (one, other) => {
        const hash = await passwords.hash(place, new PlainPassword(one))
        expect(await passwords.matches(place, new PlainPassword(one.normalize('NFD')), hash)).toBe(true)
        const isSame = one.normalize('NFC') === other.normalize('NFC')
        expect(await passwords.matches(place, new PlainPassword(other), hash)).toBe(isSame)
        expect(await passwords.matches(place, new PlainPassword(`${one}x`), hash)).toBe(false)
      }),
      { numRuns: 150 },
    )
  })

  test('the rules look at the password alone: in any order of its characters the same ones are broken', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 })), (characters) => {
        const rules = (text: string) =>
          brokenRules(new PlainPassword(text), { preset: 'classic' }).map(({ rule }) => rule)
        expect(rules([...characters].reverse().join(''))).toEqual(rules(characters.join('')))
      }),
      RUNS,
    )
  })

  test('a longer password never breaks a rule that a shorter one met, up to the longest', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), fc.string({ maxLength: 60 }), (start, more) => {
        const rules = (text: string) =>
          brokenRules(new PlainPassword(text), { preset: 'classic' }).map(({ rule }) => rule)
        const before = rules(start)
        expect(rules(start + more).filter((rule) => !before.includes(rule))).toEqual([])
      }),
      RUNS,
    )
  })
})

describe('tokens', () => {
  const keys: [Buffer, Buffer] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  const sessionId = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => {
    const version7 = Uint8Array.from(bytes)
    version7[6] = ((version7[6] ?? 0) & 0x0f) | 0x70
    version7[8] = ((version7[8] ?? 0) & 0x3f) | 0x80
    return formatUuid(version7)
  })
  const claim = fc.record({ sessionId, counter: fc.integer({ min: 1, max: 0xffffffff }) })

  test('a refresh token says what it was made from, to whoever has the key', () => {
    fc.assert(
      fc.property(claim, (made) => {
        const token = deriveRefreshToken(made, keys[1]).reveal()
        expect(readRefreshToken(token, keys)).toEqual(made)
        expect(readRefreshToken(token, [keys[0]])).toBeNull()
      }),
      RUNS,
    )
  })

  test('a refresh token with one character changed, added or taken away is none', () => {
    const character = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=. ')
    fc.assert(
      fc.property(claim, fc.nat(73), character, fc.constantFrom('change', 'add', 'remove'), (made, at, other, how) => {
        const token = deriveRefreshToken(made, keys[0]).reveal()
        const changed = token.slice(0, at) + (how === 'remove' ? '' : other) + token.slice(how === 'add' ? at : at + 1)
        if (changed !== token) expect(readRefreshToken(changed, keys)).toBeNull()
      }),
      RUNS,
    )
  })

  test('a mailed token has one spelling, and no two are alike', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(anyText, (noise) => {
        const { token, hash } = newOpaqueToken()
        expect(hashOpaqueToken(token.reveal())).toBe(hash)
        if (noise !== '') expect(hashOpaqueToken(token.reveal() + noise)).toBeNull()
        expect(seen.has(hash)).toBe(false)
        seen.add(hash)
      }),
      RUNS,
    )
  })

  test('what is sealed opens unchanged in its own place, and nowhere else', () => {
    const sealer = createSealer(new Secret('a secret key of thirty-two bytes!'), undefined)
    const other = createSealer(new Secret('another key of thirty-two bytes!!'), undefined)
    fc.assert(
      fc.property(fc.uint8Array(), anyText, anyText, (bytes, place, elsewhere) => {
        const sealed = sealer.seal(Buffer.from(bytes), place)
        expect(Buffer.compare(sealer.open(sealed, place), Buffer.from(bytes))).toBe(0)
        if (place !== elsewhere) expect(() => sealer.open(sealed, elsewhere)).toThrow()
        expect(() => other.open(sealed, place)).toThrow()
      }),
      RUNS,
    )
  })
})

describe('bodies', () => {
  const noSurrogates = fc.string({ unit: 'grapheme' })

  test('JSON that this service takes means what JSON.parse says', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value)
        try {
          expect(parseStrictJson(Buffer.from(text))).toEqual(JSON.parse(text))
        } catch (error) {
          if (!(error instanceof UnreadableBody)) throw error
        }
      }),
      RUNS,
    )
  })

  test('a key that stands twice is refused, however it is spelled', () => {
    const escaped = (text: string) =>
      [...text]
        .map((unit) => (unit.length === 1 ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}` : unit))
        .join('')
    fc.assert(
      fc.property(noSurrogates, fc.jsonValue(), (key, value) => {
        const content = JSON.stringify(value)
        const body = `{${JSON.stringify(key)}:${content},"${escaped(key)}":${content}}`
        expect(() => parseStrictJson(Buffer.from(body))).toThrow(UnreadableBody)
      }),
      RUNS,
    )
  })

  test('whatever the bytes are, the answer is a value or a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          parseStrictJson(Buffer.from(bytes))
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableBody)
        }
      }),
      RUNS,
    )
  })
})

test('an IPv6 network is one for all its hosts and spellings, and another for every other network', () => {
  const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }))
  const half = fc.tuple(group, group, group, group)
  const spell = (groups: number[]) => groups.map((each) => each.toString(16).padStart(4, '0')).join(':')
  const compress = (ip: string) => new URL(`http://[${ip}]`).hostname.slice(1, -1)
  fc.assert(
    fc.property(half, half, half, half, (network, host, other, otherHost) => {
      const ip = spell([...network, ...host])
      expect(networkOf(compress(ip))).toBe(networkOf(ip))
      expect(networkOf(ip.toUpperCase())).toBe(networkOf(ip))
      const isSame = spell(network) === spell(other)
      expect(networkOf(spell([...other, ...otherHost])) === networkOf(ip)).toBe(isSame)
    }),
    RUNS,
  )
})
