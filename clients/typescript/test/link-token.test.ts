import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { readLinkToken, takeLinkToken } from '../src/index.ts'
import { replaceGlobal } from './support/tabs.ts'

/** A page at this address; returns what was done to its history. */
function openPage(t: TestContext, address: string): unknown[][] {
  const { hash, pathname, search } = new URL(address)
  const replaced: unknown[][] = []
  replaceGlobal(t, 'location', { hash, pathname, search })
  replaceGlobal(t, 'history', {
    state: { scroll: 7 },
    replaceState: (...values: unknown[]) => replaced.push(values),
  })
  return replaced
}

test('takeLinkToken returns the token, and removes it from the address and the history entry', (t) => {
  const replaced = openPage(t, 'https://app.example.com/reset?lang=de#token=Ew3k-Yt0_m3')

  assert.equal(takeLinkToken(), 'Ew3k-Yt0_m3')
  assert.deepEqual(replaced, [[{ scroll: 7 }, '', '/reset?lang=de']])
})

test('readLinkToken leaves the address alone', (t) => {
  const replaced = openPage(t, 'https://app.example.com/reset#token=Ew3k')

  assert.equal(readLinkToken(), 'Ew3k')
  assert.deepEqual(replaced, [])
})

test('a page without a token has none, and keeps its fragment', (t) => {
  for (const fragment of ['', '#', '#section', '#token=', '#other=1']) {
    const replaced = openPage(t, `https://app.example.com/reset${fragment}`)

    assert.equal(takeLinkToken(), null)
    assert.deepEqual(replaced, [])
  }
})

test('outside of a page there is no token', () => {
  assert.equal(takeLinkToken(), null)
})
