import { compilerOptions } from './test/runner/compiler-options.js'

/** The tests use a real PostgreSQL: global-setup starts one server with a migrated template, and every test file gets a copy. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // Test files run in bare Node. Each worker loads the sources and libraries once, for all its files: docs/decisions/0014.
  runner: '<rootDir>/test/runner/runner.js',
  setupFiles: ['<rootDir>/test/runner/register.js'],
  setupFilesAfterEnv: ['<rootDir>/test/runner/time-limits.js'],
  // For what Jest itself loads: the global setup, and the test files of `npm run mutation`, which uses Jest's own runner.
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', compilerOptions] },
  transformIgnorePatterns: ['/node_modules/'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  testSequencer: '<rootDir>/test/support/longest-first.js',
  // Twice the cores of the smallest machine that the suite must be fast on: some tests mostly wait for other processes.
  maxWorkers: 4,
  testTimeout: 30_000,
}
