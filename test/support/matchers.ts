import { expect } from '@jest/globals'
import type { ProblemCode } from '../../src/domain/problems.ts'
import { problemStatuses } from '../../src/http/problems/problem-statuses.ts'
import type { Answer } from './api.ts'

declare module 'expect' {
  interface Matchers<R> {
    toHaveStatus(status: number): R
    /** A problem document with this code and the status of the code, and with everything the contract requires of a problem. */
    toRefuse(code: ProblemCode): R
  }
}

expect.extend({
  toHaveStatus(answer: unknown, status: number) {
    const { status: actual, text } = answer as Answer
    return { pass: actual === status, message: () => `expected status ${status}, got ${actual}: ${text}` }
  },
  toRefuse(answer: unknown, code: ProblemCode) {
    const { status, body, headers, text } = answer as Answer
    const expected = problemStatuses[code]
    if (status !== expected || body?.code !== code || body.status !== status) {
      return { pass: false, message: () => `expected ${expected} ${code}, got ${status}: ${text}` }
    }
    const flaws = flawsOf(body, headers)
    return { pass: flaws.length === 0, message: () => `${code} lacks ${flaws.join(', ') || 'nothing'}: ${text}` }
  },
})

/** What a problem lacks of RFC 9457 and of the conventions of the contract. Every refusal in every test is checked for it. */
function flawsOf(body: Answer['body'], headers: Answer['headers']): string[] {
  const isSame = (left: unknown, right: unknown) => String(left) === String(right)
  const rules: ReadonlyArray<readonly [name: string, isKept: boolean]> = [
    ['its content type', String(headers['content-type']).startsWith('application/problem+json')],
    ...['type', 'title', 'detail'].map((member) => [member, typeof body[member] === 'string'] as const),
    ['its request id', typeof body.instance === 'string' && body.instance === headers['x-request-id']],
    ['Cache-Control: no-store', headers['cache-control'] === 'no-store'],
    ['a Retry-After that says the same', isSame(headers['retry-after'], body.retryAfter)],
    ['WWW-Authenticate', body.status !== 401 || headers['www-authenticate'] !== undefined],
  ]
  return rules.filter(([, isKept]) => !isKept).map(([name]) => name)
}
