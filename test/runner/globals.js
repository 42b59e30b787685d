import { getState } from 'jest-circus'
import config from '../../jest.config.js'

/**
 * What a test file imports as '@jest/globals'. This module is loaded again for each test file (hooks.js), and the limit is
 * therefore the configured one at the beginning of each file.
 */
getState().testTimeout = config.testTimeout

export const { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test } = globalThis

export const jest = {
  ...globalThis.jest,
  setTimeout(milliseconds) {
    getState().testTimeout = milliseconds
  },
}
