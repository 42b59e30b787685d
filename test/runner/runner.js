import { createRunner } from 'jest-light-runner'

const LightRunner = createRunner({ runtime: 'child_process' })

/**
 * jest-light-runner 0.7.11 (0.8.2 too) has one channel for all workers. When the first worker asks for its configuration, the
 * channel answers all workers once, and never again. A worker that does not listen at that moment misses the answer, and Jest
 * waits for it without end. So each test file gets a separate channel, which answers each request.
 */
export default class Runner extends LightRunner {
  _runTest(test) {
    const { config } = test.context
    const isFirst = !this._testRunners.has(config)
    const result = super._runTest(test) // of the first test file, with the shared channel that has no other worker yet
    if (isFirst && this._runtime === 'child_process') this.#separateChannels(config)
    return result
  }

  #separateChannels(projectConfig) {
    const workerData = { globalConfig: this._globalConfig, projectConfig, runtime: this._runtime }
    const runner = this._testRunners.get(projectConfig)
    runner.run = (test) => runner.pool.run(test.path, { channel: channelOf(workerData) })
  }
}

function channelOf(workerData) {
  let send
  return {
    onMessage(listener) {
      send = listener
    },
    postMessage(message) {
      if (message === 'jest-light-runner-get-worker-data') send({ type: 'jest-light-runner-worker-data', workerData })
    },
  }
}
