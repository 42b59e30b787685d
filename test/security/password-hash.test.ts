import { createHmac } from 'node:crypto'
import { expect, jest, test } from '@jest/globals'
import bcrypt from 'bcrypt'
import type { HashingPlace } from '../../src/security/hashing/hashing-lane.ts'
import { asImportedHash, asPasswordHash, createPasswords, type PasswordHash } from '../../src/security/password-hash.ts'
import { MAX_PASSWORD_LENGTH, PlainPassword } from '../../src/security/plain-password.ts'

const PEPPER = { id: 'pepper-1', key: Buffer.alloc(32, 7) }
const OLDER = { id: 'pepper-0', key: Buffer.alloc(32, 9) }
const peppers = {
  current: () => PEPPER,
  find: (id: string) => [PEPPER, OLDER].find((pepper) => pepper.id === id)?.key,
}

const IMPORT_KEY = { id: 'import-1', key: Buffer.alloc(32, 11) }
const importKeys = {
  current: () => IMPORT_KEY,
  find: (id: string) => (id === IMPORT_KEY.id ? IMPORT_KEY.key : undefined),
}

/** The real work, with a count of the times that the place was used. */
let uses = 0
const place: HashingPlace = {
  use(work) {
    uses += 1
    return work()
  },
}

const passwords = createPasswords({ cost: 5, peppers, importKeys })
const plain = (text: string) => new PlainPassword(text)

function stored(text: string): PasswordHash {
  const hash = asPasswordHash(text)
  if (!hash) throw new Error(`not a stored password: ${text}`)
  return hash
}

test('a password is taken in NFC, but for one too long for any policy: that costs no work at all', () => {
  const marks = (many: number) => `a${'\u0345'.repeat(many / 2)}\u0334${'\u0334'.repeat(many / 2)}`

  expect(plain('e\u0301').reveal()).toBe('\u00e9')
  expect(plain(marks(1_000)).reveal()).toBe(marks(1_000).normalize('NFC'))
  expect(plain(marks(8_000)).reveal()).toBe(marks(8_000))
  expect(plain(marks(8_000)).length).toBeGreaterThan(MAX_PASSWORD_LENGTH)
})

test('what is stored is bcrypt over base64 of HMAC-SHA-384 under the pepper it names', async () => {
  const hash = await passwords.hash(place, plain('Correct-Horse-7'))

  const [, scheme, id, ...bcryptHash] = /^(v1)\$(pepper-1)(\$2b\$05\$.{53})$/.exec(hash) ?? []
  const secret = createHmac('sha384', PEPPER.key).update('Correct-Horse-7').digest('base64')
  expect([scheme, id]).toEqual(['v1', 'pepper-1'])
  expect(secret).toHaveLength(64)
  expect(await bcrypt.compare(secret, bcryptHash[0] ?? '')).toBe(true)
})

test('one password is stored in another form each time', async () => {
  expect(await passwords.hash(place, plain('Correct-Horse-7'))).not.toBe(
    await passwords.hash(place, plain('Correct-Horse-7')),
  )
})

test('a password matches its own hash and no other does', async () => {
  const hash = await passwords.hash(place, plain('Correct-Horse-7'))

  expect(await passwords.matches(place, plain('Correct-Horse-7'), hash)).toBe(true)
  for (const other of ['correct-Horse-7', 'Correct-Horse-7 ', 'Correct-Horse-', '', 'Correct-Horse-77']) {
    expect(await passwords.matches(place, plain(other), hash)).toBe(false)
  }
})

test.each([
  ['after the 72nd byte', `${'x'.repeat(72)}a`, `${'x'.repeat(72)}b`],
  ['in the 128th character', `${'x'.repeat(127)}a`, `${'x'.repeat(127)}b`],
  ['after 72 bytes of emoji', `${'🔑'.repeat(18)}a`, `${'🔑'.repeat(18)}b`],
  ['after a NUL', 'x\0a', 'x\0b'],
])('two passwords that differ %s are two', async (_, one, other) => {
  const hash = await passwords.hash(place, plain(one))

  expect(await passwords.matches(place, plain(one), hash)).toBe(true)
  expect(await passwords.matches(place, plain(other), hash)).toBe(false)
})

test('NFC makes one of two spellings of é, and leaves a ligature alone', async () => {
  const hash = await passwords.hash(place, plain('Caf\u00e9'))

  expect(await passwords.matches(place, plain('Cafe\u0301'), hash)).toBe(true)
  expect(await passwords.matches(place, plain('fi'), await passwords.hash(place, plain('\ufb01')))).toBe(false)
})

// From the test vectors of crypt_blowfish 1.3 (wrapper.c); what it writes `2a` and `2y` is one algorithm here.
test.each([
  ['$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
  ['$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK', 'U*U*'],
  ['$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a', 'U*U*U'],
  ['$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
  ['$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
])('an imported %s is the hash of %j', async (hash, password) => {
  expect(await passwords.matches(place, plain(password), stored(hash))).toBe(true)
  expect(await passwords.matches(place, plain(`${password}x`), stored(hash))).toBe(false)
})

test('a password is not its own pre-hash, which is all that a stolen pepper and table would give', async () => {
  const hash = await passwords.hash(place, plain('Correct-Horse-7'))
  const secret = createHmac('sha384', PEPPER.key).update('Correct-Horse-7').digest('base64')

  expect(await passwords.matches(place, plain(secret), hash)).toBe(false)
})

test('a hash under an older pepper still verifies, and a hash under an unknown pepper counts as no password', async () => {
  const older = createPasswords({ cost: 5, peppers: { ...peppers, current: () => OLDER }, importKeys })
  const hash = await older.hash(place, plain('Correct-Horse-7'))

  expect(await passwords.matches(place, plain('Correct-Horse-7'), hash)).toBe(true)
  expect(passwords.isOutdated(hash)).toBe(true)
  const lost = stored(hash.replace('pepper-0', 'pepper-9'))
  expect(await passwords.matches(place, plain('Correct-Horse-7'), lost)).toBe(false)
  expect(passwords.read(lost, 'account-1')).toBeNull()
})

test('a hash is outdated if it is an import, of another cost or under an older pepper', async () => {
  const cheap = createPasswords({ cost: 4, peppers, importKeys })

  expect(passwords.isOutdated(await passwords.hash(place, plain('x')))).toBe(false)
  expect(passwords.isOutdated(await cheap.hash(place, plain('x')))).toBe(true)
  expect(passwords.isOutdated(stored(await bcrypt.hash('x', 5)))).toBe(true)
  expect(cheap.isOutdated(await passwords.hash(place, plain('x')))).toBe(true)
  expect(passwords.isOutdated('of a scheme that is no more' as PasswordHash)).toBe(true)
})

test('the first of several that a password fits is named, and none as -1', async () => {
  const [one, other] = [await passwords.hash(place, plain('one')), await passwords.hash(place, plain('other'))]

  expect(await passwords.firstMatch(place, plain('one'), [one, other])).toBe(0)
  expect(await passwords.firstMatch(place, plain('other'), [one, other])).toBe(1)
  expect(await passwords.firstMatch(place, plain('other'), [null, other])).toBe(1)
  expect(await passwords.firstMatch(place, plain('neither'), [one, other])).toBe(-1)
  expect(await passwords.firstMatch(place, plain(''), [null, null])).toBe(-1)
})

// What each costs in bcrypt rounds is measured in attacks/passwords.test.ts (P8).
test('everything that one question compares is done in one use of a place', async () => {
  const cheap = await createPasswords({ cost: 4, peppers, importKeys }).hash(place, plain('right'))
  uses = 0

  await passwords.firstMatch(place, plain('wrong'), [cheap, null])

  expect(uses).toBe(1)
})

test('nothing longer than a password may be is hashed to compare it', async () => {
  const hash = stored(await bcrypt.hash('x', 4))
  uses = 0

  expect(await passwords.matches(place, plain('x'.repeat(129)), hash)).toBe(false)
  expect(await passwords.matches(place, plain('x'.repeat(129)), null)).toBe(false)

  expect(uses).toBe(0)
})

test.each([
  '',
  'x',
  '$2b$05$',
  '$2b$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
  '$2b$16$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
  '$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
  '$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
  '$2b$5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeWx',
  '$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n',
  '$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe+',
  'v2$pepper-1$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
  'v1$$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
])('%j is no stored password', (text) => {
  expect(asPasswordHash(text)).toBeNull()
})

test.each(['04', '15'])('a stored password may have cost %s', (cost) => {
  const text = `$2b$${cost}$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW`

  expect(asPasswordHash(text)).toBe(text)
})

test('the length of a password is what a person would count', () => {
  expect(plain('🔑🔑').length).toBe(2)
  expect(plain('e\u0301').length).toBe(1)
  expect(plain('👨‍👩‍👧').length).toBe(5) // NIST counts code points
})

test('an imported hash is compared with what was typed, with its NFC form and with its NFD form', async () => {
  const [nfc, nfd] = ['M\u00fcnchen-Stra\u00dfe-7', 'Mu\u0308nchen-Stra\u00dfe-7']
  const mixed = `${nfc}${nfd}`

  for (const hashed of [nfc, nfd]) {
    const imported = stored(await bcrypt.hash(hashed, 4))
    for (const typed of [nfc, nfd]) expect(await passwords.matches(place, plain(typed), imported)).toBe(true)
  }
  expect(await passwords.matches(place, plain(mixed), stored(await bcrypt.hash(mixed, 4)))).toBe(true)
})

test('a sealed import opens for its own account, and shows the database its cost only', async () => {
  const imported = asImportedHash(await bcrypt.hash('Imported-Pass-1', 4)) as PasswordHash

  const sealed = passwords.sealImported(imported, 'account-1')

  expect(sealed).toMatch(/^sealed\$import-1\$account-1\$2b\$04\$[A-Za-z0-9_-]+$/)
  expect(sealed).not.toContain(imported.slice(7))
  expect(passwords.read(sealed, 'account-1')).toBe(sealed)
  expect(await passwords.matches(place, plain('Imported-Pass-1'), sealed)).toBe(true)
  expect(await passwords.matches(place, plain('Imported-Pass-2'), sealed)).toBe(false)
  expect(passwords.isOutdated(sealed)).toBe(true)
})

test('a sealed import that was moved to another account, altered or made under a lost key counts as no password', async () => {
  const imported = asImportedHash(await bcrypt.hash('Imported-Pass-1', 4)) as PasswordHash
  const sealed = passwords.sealImported(imported, 'account-1')

  expect(passwords.read(sealed, 'account-2')).toBeNull()
  for (const altered of [
    sealed.replace('account-1', 'account-2'),
    sealed.replace('import-1', 'import-0'),
    sealed.slice(0, -2),
    sealed.replace(/\$04\$(.)/, (_, first) => `$04$${first === 'A' ? 'B' : 'A'}`),
  ]) {
    expect(passwords.read(altered, 'account-2')).toBeNull()
    expect(passwords.read(altered, 'account-1')).toBeNull()
    expect(await passwords.matches(place, plain('Imported-Pass-1'), altered as PasswordHash)).toBe(false)
  }
})

test('a password of more than 72 bytes never replaces an imported hash, which ignores what follows the 72nd', async () => {
  const imported = stored(await bcrypt.hash('x'.repeat(72), 4))
  const own = await passwords.hash(place, plain('x'.repeat(100)))

  expect(passwords.mayUpgrade(imported, plain('x'.repeat(72)))).toBe(true)
  expect(passwords.mayUpgrade(imported, plain('x'.repeat(73)))).toBe(false)
  expect(passwords.mayUpgrade(imported, plain('\u00fc'.repeat(30)))).toBe(false) // 60 bytes in NFC, 90 in NFD
  expect(passwords.mayUpgrade(own, plain('x'.repeat(100)))).toBe(true)
})

test('a costliest hash of an absurd cost does not make a failed comparison slower', async () => {
  const rounds: string[] = []
  const compare = jest.spyOn(bcrypt, 'compare').mockImplementation(async (_data, hash) => {
    rounds.push(String(hash).slice(0, 7))
    return false
  })

  await passwords.firstMatch(place, plain('wrong'), [null, null], 31)

  compare.mockRestore()
  expect(rounds).toEqual(['$2b$05$', '$2b$05$'])
})

test.each([
  ['an account without an imported hash', () => null],
  ['a hash of our own', async () => passwords.hash(place, plain('x'))],
  ['an imported hash', async () => stored(await bcrypt.hash('x', 5))],
  [
    'a hash under a lost pepper',
    async () => stored((await passwords.hash(place, plain('x'))).replace('pepper-1', 'lost')),
  ],
])('%s takes as many comparisons as every other, whatever is typed', async (_, make) => {
  const hash = await make()
  const counted: number[] = []
  for (const typed of ['ascii', 'caf\u00e9', 'cafe\u0301', 'cafe\u0301\u00e9']) {
    const compare = jest.spyOn(bcrypt, 'compare')
    await passwords.matches(place, plain(typed), hash)
    counted.push(compare.mock.calls.length)
    compare.mockRestore()
  }

  expect(counted).toEqual([1, 2, 2, 3])
})
