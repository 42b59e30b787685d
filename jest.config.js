/** The tests use a real PostgreSQL: global-setup starts one server with a migrated template, and every test file gets a copy. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        // Without its attribute (`with { type: 'json' }`), Node does not import a JSON file.
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023', experimental: { keepImportAttributes: true } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  transformIgnorePatterns: ['/node_modules/'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  collectCoverageFrom: ['src/**/*.ts', '!src/database/generated/**'],
  coverageDirectory: 'coverage',
  testSequencer: '<rootDir>/test/support/longest-first.js',
  // Jest frees the modules of a file late. A worker that grows beyond this size is replaced, which takes a second.
  workerIdleMemoryLimit: '1GB',
  // One more than the cores of the smallest machine that the suite must be fast on, because tests wait for other processes.
  maxWorkers: 3,
  testTimeout: 30_000,
}
