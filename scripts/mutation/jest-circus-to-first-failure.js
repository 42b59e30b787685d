// Jest's test runner, fast enough for Stryker to call it thousands of times. A mutant is killed by its first failing test, and
// only some files have a test that reaches it. Stryker's Jest plugin would load and run all of them.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import jestCircus from 'jest-circus/runner'

/** The names of the tests of each file, from the run without a mutant. A folder, because Stryker has several processes. */
const NAMES = '.test-names'

const circus = jestCircus.default // it is CommonJS

let mutant
let isDead = false

export default async function run(globalConfig, config, environment, runtime, file, send) {
  const active = process.env.__STRYKER_ACTIVE_MUTANT__
  if (active === undefined) {
    const result = await circus(globalConfig, config, environment, runtime, file, send)
    rememberNames(file, result)
    return result
  }
  if (active !== mutant) [mutant, isDead] = [active, false]
  if (isDead || !holdsTest(file, globalConfig.testNamePattern)) return nothingRun(file)
  skipAfterFailure(environment)
  return await circus(globalConfig, config, environment, runtime, file, send)
}

function skipAfterFailure(environment) {
  const handle = environment.handleTestEvent?.bind(environment)
  environment.handleTestEvent = async (event, state) => {
    await handle?.(event, state)
    if (event.name === 'test_start' && isDead) event.test.mode = 'skip'
    if (event.name === 'test_done' && event.test.errors.length > 0) isDead = true
  }
}

function rememberNames(file, result) {
  mkdirSync(NAMES, { recursive: true })
  writeFileSync(namesFile(file), JSON.stringify(result.testResults.map(({ fullName }) => fullName)))
}

function holdsTest(file, pattern) {
  if (!pattern || !existsSync(namesFile(file))) return true
  const wanted = new RegExp(pattern, 'i')
  return JSON.parse(readFileSync(namesFile(file), 'utf8')).some((name) => wanted.test(name))
}

function namesFile(file) {
  return `${NAMES}/${createHash('sha256').update(file).digest('hex')}.json`
}

/** One skipped test, because Jest reports a file without tests as broken. */
function nothingRun(file) {
  const skipped = {
    ancestorTitles: [],
    fullName: 'not needed',
    title: 'not needed',
    status: 'pending',
    failureDetails: [],
    failureMessages: [],
    numPassingAsserts: 0,
  }
  return {
    testFilePath: file,
    testResults: [skipped],
    numFailingTests: 0,
    numPassingTests: 0,
    numPendingTests: 1,
    numTodoTests: 0,
    openHandles: [],
    leaks: false,
    skipped: true,
    perfStats: {
      start: 0,
      end: 0,
      runtime: 0,
      slow: false,
      loadTestEnvironmentStart: 0,
      loadTestEnvironmentEnd: 0,
      setupAfterEnvStart: 0,
      setupAfterEnvEnd: 0,
      setupFilesStart: 0,
      setupFilesEnd: 0,
    },
    snapshot: { added: 0, fileDeleted: false, matched: 0, unchecked: 0, uncheckedKeys: [], unmatched: 0, updated: 0 },
  }
}
