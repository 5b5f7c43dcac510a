// Never set `ci` here: it switches off the snapshot check that --ci gives.
export default {
  testEnvironment: '<rootDir>/test/support/environment.ts',
  extensionsToTreatAsEsm: ['.ts'],
  // Containers and engines are started for real; a test says what it waits for and fails by itself.
  testTimeout: 300_000,
  testSequencer: '<rootDir>/test/support/sequencer.ts',
  testMatch: ['<rootDir>/{src,test,packages}/**/*.test.ts'],
  modulePathIgnorePatterns: [
    '<rootDir>/packages/[^/]+/lib/',
    '<rootDir>/build/',
    '<rootDir>/dist/',
    '<rootDir>/packages/(?:cli|service)/dist/',
  ],
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  transform: {
    '^.+\\.ts$': ['@swc/jest', { swcrc: false, jsc: { target: 'es2024', parser: { syntax: 'typescript' } } }],
  },
};
