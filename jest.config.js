/** Real PostgreSQL: global-setup starts one server with one migrated template; every test file gets a copy of the template. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
  transformIgnorePatterns: ['/node_modules/'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  collectCoverageFrom: ['src/**/*.ts', '!src/database/generated/**'],
  coverageDirectory: 'coverage',
  testSequencer: '<rootDir>/test/support/longest-first.js',
  // Jest lets go of a file's modules late: a worker that has grown beyond this is replaced, which costs a second.
  workerIdleMemoryLimit: '1GB',
  // One more than the two processors that the suite is measured on: a fifth of the time, a test waits for another process.
  maxWorkers: 3,
  testTimeout: 30_000,
}
