// Starts a file of ../processes in a process of its own, and calls the functions that it offers.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

const running = new Set()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/**
 * @param {string} name a file of ../processes without its extension
 * @param {Record<string, unknown>} settings what its `offer` callback receives
 * @returns what it offers: `call(name, input)`, its `pid`, what it announced when it was ready, and `stop()`
 */
export async function startChild(name, settings = {}, { nodeOptions = [], env = {} } = {}) {
  const file = path.join(import.meta.dirname, '../processes', `${name}.js`)
  const child = fork(file, {
    execArgv: nodeOptions,
    env: { ...process.env, ...env, BENCH_SETTINGS: JSON.stringify(settings) },
  })
  running.add(child)
  const waiting = new Map()
  let calls = 0
  let announce
  let refuse
  const ready = new Promise((resolve, reject) => {
    announce = resolve
    refuse = reject
  })
  child.on('message', ({ id, announced, result, error }) => {
    if (id === undefined) return announce(announced)
    const { resolve, reject } = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) resolve(result)
    else reject(new Error(`${name}: ${error}`))
  })
  child.once('exit', (code) => {
    running.delete(child)
    const failure = new Error(`${name} ended with code ${code}`)
    refuse(failure)
    for (const { reject } of waiting.values()) reject(failure)
  })
  return {
    ...(await ready),
    pid: child.pid,
    call(method, input) {
      calls += 1
      const id = calls
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        child.send({ id, method, input })
      })
    },
    async stop() {
      if (!running.has(child)) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

/** For the files of ../processes: announces that the process is ready, and answers the calls of the benchmark. */
export function offer(announced, functions = {}) {
  process.on('message', async ({ id, method, input }) => {
    try {
      process.send({ id, result: await functions[method](input) })
    } catch (error) {
      process.send({ id, error: error.stack })
    }
  })
  process.once('disconnect', () => process.exit(0)) // the benchmark has ended, however it ended
  process.send({ announced })
}

/** What `startChild` was called with. */
export function settings() {
  return JSON.parse(process.env.BENCH_SETTINGS ?? '{}')
}
