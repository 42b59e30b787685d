import { describe, expect, test } from '@jest/globals'
import { networkOf } from '../../src/domain/throttle/network.ts'
import { parseStrictJson, UnreadableBody } from '../../src/http/bodies/strict-json.ts'
import { parseAddress } from '../../src/mail/email-address.ts'

describe('an email address', () => {
  test.each([
    ['ada@example.com', 'ada@example.com', 'ada@example.com'],
    ['  ada@example.com\r\n', 'ada@example.com', 'ada@example.com'],
    ['\u00A0ada@example.com', 'ada@example.com', 'ada@example.com'],
    ['ada@example.com\u200B', 'ada@example.com', 'ada@example.com'],
    ['\uFEFF\u2060ada@example.com\u3000\u00AD\u200E', 'ada@example.com', 'ada@example.com'],
    ['Ada.Lovelace@Example.COM', 'Ada.Lovelace@example.com', 'ada.lovelace@example.com'],
    ['ada+tag@example.com', 'ada+tag@example.com', 'ada+tag@example.com'],
    ["o'hara@example.com", "o'hara@example.com", "o'hara@example.com"],
    ['ada@bücher.example', 'ada@xn--bcher-kva.example', 'ada@xn--bcher-kva.example'],
    ['ada@BÜCHER.example', 'ada@xn--bcher-kva.example', 'ada@xn--bcher-kva.example'],
    ['ada@xn--bcher-kva.example', 'ada@xn--bcher-kva.example', 'ada@xn--bcher-kva.example'],
    ['a@b.co', 'a@b.co', 'a@b.co'],
    ['ada@1.2.example', 'ada@1.2.example', 'ada@1.2.example'],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  ])('%j is mailed to as %s', (typed, email, address) => {
    expect(parseAddress(typed)).toEqual({ email, address })
  })

  test.each([
    '',
    '@',
    'ada',
    'ada@',
    '@example.com',
    'ada@example',
    'ada@localhost',
    'ada@@example.com',
    'a@b@example.com',
    '.ada@example.com',
    'ada.@example.com',
    'a..da@example.com',
    'ada@.example.com',
    'ada@example..com',
    'ada@example.com.',
    'ada@-example.com',
    'ada@example-.com',
    'ada@exam_ple.com',
    'ada@[127.0.0.1]',
    'ada@127.0.0.1',
    'ada@[IPv6:::1]',
    '"ada lovelace"@example.com',
    '"ada"@example.com',
    'ada lovelace@example.com',
    'ada(x)@example.com',
    '<ada@example.com>',
    'Ada <ada@example.com>',
    'ada@example.com,bob@example.com',
    'ada@example.com;bob@example.com',
    'ada\n@example.com',
    'ada@exam\nple.com',
    'ada@example.com\nBcc: x@example.com',
    'ada\u0000@example.com',
    'àda@example.com',
    'm\u0131ke@example.com',
    'mi\u212Ae@example.com',
    'ada\uFF20example.com',
    'ada@example\uFF0Ecom',
    'ada@exam\u00ADple.com',
    'ada@example\u3002com',
    'ada@\u212Aelvin.example',
    'ada@\u2460.example',
    'ada@\u200Bexample.com',
    'ada\u00A0@example.com',
    'ada@exam\u200Bple.com',
    '\u0000ada@example.com',
    'ada@example.com\u0301',
    'ada@example.c\u043E\u202Em',
    'ada@xn--a.example',
    'ada@xn--.example',
    `${'a'.repeat(65)}@example.com`,
    `ada@${'a'.repeat(64)}.com`,
    `ada@${'a.'.repeat(130)}com`,
    'a'.repeat(100_000),
    `${'a.'.repeat(400)}@example.com`,
    `ada@${'-'.repeat(1000)}`,
    `${'@'.repeat(900)}`,
  ])('%j is none', (typed) => {
    expect(parseAddress(typed)).toBeNull()
  })

  test('what it makes of an address, it leaves as it is', () => {
    for (const typed of ['Ada@Example.com', 'ada@bücher.example', 'ada@straße.example', 'ada@faß.de']) {
      const parsed = parseAddress(typed)
      expect(parseAddress(parsed?.email ?? '')).toEqual(parsed)
      expect(parseAddress(parsed?.address ?? '')?.address).toBe(parsed?.address)
    }
  })

  test('the sharp s is not two plain ones, as UTS 46 has it', () => {
    expect(parseAddress('ada@faß.de')?.address).toBe('ada@xn--fa-hia.de')
    expect(parseAddress('ada@fass.de')?.address).toBe('ada@fass.de')
  })

  test('254 characters are an address, 255 are not', () => {
    const domain = (length: number) => `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(length - 132)}.com`
    const local = 'x'.repeat(64)

    expect(parseAddress(`${local}@${domain(189)}`)?.email).toHaveLength(254)
    expect(parseAddress(`${local}@${domain(190)}`)).toBeNull()
  })
})

describe('the network of an address', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:FFFF:C000:0201', '192.0.2.1'],
    ['0000:0000::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002:ffff::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
    ['::2:3:4:5:6:7:8', '0:2:3:4::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['not an address', 'not an address'],
  ])('%s is in %s', (ip, network) => {
    expect(networkOf(ip)).toBe(network)
  })
})

describe('strict JSON', () => {
  const parse = (text: string | Buffer) => parseStrictJson(Buffer.from(text as string))

  test.each([
    ['{"a":1}', { a: 1 }],
    [' { "a" : [ "b" , { "c" : null } ] } ', { a: ['b', { c: null }] }],
    ['{"a":"{\\"a\\":1,\\"a\\":2}"}', { a: '{"a":1,"a":2}' }],
    ['{"a":"x\\\\","b":"\\\\"}', { a: 'x\\', b: '\\' }],
    ['{"a":{"b":1},"c":{"b":2}}', { a: { b: 1 }, c: { b: 2 } }],
    ['[{"a":1},{"a":2}]', [{ a: 1 }, { a: 2 }]],
    ['{"a":"\\ud83d\\udd11"}', { a: '🔑' }],
    ['{"a":"🔑"}', { a: '🔑' }],
    ['{"A":1,"a":2}', { A: 1, a: 2 }],
    ['{"a":"[[[[[[[[[["}', { a: '[[[[[[[[[[' }],
    ['[[[[[[[[]]]]]]]]', [[[[[[[[]]]]]]]]],
  ])('%s is read', (text, value) => {
    expect(parse(text)).toEqual(value)
  })

  test.each([
    ['json', '{'],
    ['json', ''],
    ['json', '\uFEFF{}'],
    ['json', '{"a":1}x'],
    ['utf8', Buffer.from([0x22, 0xff, 0x22])],
    ['utf8', Buffer.from([0x22, 0xc0, 0x80, 0x22])],
    ['utf8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['depth', '[[[[[[[[[]]]]]]]]]'],
    ['depth', `${'['.repeat(8000)}${']'.repeat(8000)}`],
    ['duplicate', '{"a":1,"a":1}'],
    ['duplicate', '{"a":1,"\\u0061":1}'],
    ['duplicate', '{"a":1,"b":{"a":1},"a" \t:1}'],
    ['duplicate', '[{"x":{"a":1,"a":2}}]'],
    ['duplicate', '{"":1,"":2}'],
    ['duplicate', '{"\\"":1,"\\u0022":2}'],
    ['key', '{"__proto__":1}'],
    ['key', '{"a":{"\\u005f_proto__":{}}}'],
    ['key', '{"constructor":{"prototype":{}}}'],
    ['nul', '{"a":"\\u0000"}'],
    ['nul', '{"a\\u0000":1}'],
    ['unicode', '{"a":"\\ud800"}'],
    ['unicode', '{"a":["\\udc00x"]}'],
    ['unicode', '{"\\ud800":1}'],
  ])('%s: %j is not', (rule, text) => {
    const read = () => parse(text)

    expect(read).toThrow(UnreadableBody)
    try {
      read()
    } catch (error) {
      expect((error as UnreadableBody).violation.rule).toBe(rule)
    }
  })

  test('an error names the position of the unsound text, and never quotes it', () => {
    try {
      parse('{"user":{"password":"hunter2\\u0000"}}')
    } catch (error) {
      expect((error as UnreadableBody).violation.field).toBe('user.password')
      expect(JSON.stringify(error)).not.toContain('hunter2')
    }
    expect.assertions(2)
  })
})
