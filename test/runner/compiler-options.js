/** How swc compiles TypeScript for the tests. It removes the types, and checks none: `npm run types` does that. */
export const compilerOptions = {
  // Without its attribute (`with { type: 'json' }`), Node does not import a JSON file.
  jsc: { parser: { syntax: 'typescript' }, target: 'es2023', experimental: { keepImportAttributes: true } },
  module: { type: 'es6' },
  sourceMaps: 'inline',
}
