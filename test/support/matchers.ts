import { expect } from '@jest/globals'
import { type ProblemCode, problems } from '../../src/domain/problems.ts'
import type { Answer } from './api.ts'

declare module 'expect' {
  interface Matchers<R> {
    toHaveStatus(status: number): R
    /** A problem document with this code, the code's own status, and the members every problem has. */
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
    const isProblem = String(headers['content-type']).startsWith('application/problem+json')
    const isWhole = ['type', 'title', 'status', 'detail', 'instance'].every((member) => body?.[member] !== undefined)
    const pass = isProblem && isWhole && status === problems[code][0] && body.code === code && body.status === status
    return { pass, message: () => `expected ${problems[code][0]} ${code}, got ${status}: ${text}` }
  },
})
