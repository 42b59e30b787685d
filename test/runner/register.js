import { register } from 'node:module'

// Each worker of jest-light-runner runs this once, before it loads a test file.
register('./hooks.js', import.meta.url)
process.setSourceMapsEnabled(true)
