// Runs contenders in turn and reads the processor time of their processes.

import { digits, range, table } from '../report/markdown.js'
import { ratios, spread } from '../report/statistics.js'
import { cpuMs, treeCpuMs } from './processes.js'

/**
 * One measurement of one contender.
 * @param {{ name: string, pid: number, run: (seconds: number) => Promise<object>, settle?: () => Promise<void> }} contender
 *   `settle` waits until it has finished what the requests started
 */
async function measureOnce({ pid, run }, seconds, postgres) {
  const [own, database] = [await cpuMs(pid), await treeCpuMs(postgres.pid)]
  const result = await run(seconds)
  const { count, clientCpuMs = 0 } = result
  return {
    ...result,
    perSecond: count / result.seconds,
    cpuMs: ((await cpuMs(pid)) - own) / count,
    postgresCpuMs: ((await treeCpuMs(postgres.pid)) - database) / count,
    clientCpuMs: clientCpuMs / count,
  }
}

/**
 * Measures the contenders in turn, several rounds: A B C, B C A, C A B, … so that other work on the machine, and what one
 * leaves behind in the caches, meets all of them alike. Each is warmed up once.
 *
 * @returns {Promise<Map<string, object[]>>} the results of each contender, one for each round
 */
export async function interleave(contenders, { rounds, seconds, postgres }) {
  const results = new Map(contenders.map(({ name }) => [name, []]))
  for (const { run, settle } of contenders) {
    await run(Math.min(2, seconds))
    await settle?.()
  }
  for (let round = 0; round < rounds; round += 1) {
    const turn = round % contenders.length
    for (const contender of [...contenders.slice(turn), ...contenders.slice(0, turn)]) {
      const result = await measureOnce(contender, seconds, postgres)
      await contender.settle?.()
      results.get(contender.name).push(result)
      log(`  ${contender.name}: ${digits(result.perSecond)}/s, ${digits(result.cpuMs)} ms CPU`)
    }
  }
  return results
}

/** The spread of one figure of a contender. */
export function figure(results, name, field) {
  return spread(results.get(name).map((result) => result[field]))
}

/** The ratio of one figure of two contenders, round by round. */
export function ratioOf(results, name, other, field) {
  const values = (of) => results.get(of).map((result) => result[field])
  return ratios(values(name), values(other))
}

/** What stands behind a ratio of throughput, because throughput depends on the other processes too. */
export function cpuAside(results, name, other) {
  return ` (CPU of the process: × ${digits(ratioOf(results, name, other, 'cpuMs').median)})`
}

const COLUMNS = {
  perSecond: 'requests/s',
  cpuMs: 'CPU of the process, ms a request',
  postgresCpuMs: 'CPU of PostgreSQL, ms a request',
  clientCpuMs: 'CPU of the load generator, ms a request',
  p50: 'p50, ms',
  p99: 'p99, ms',
  bytes: 'answer, bytes',
}

/** A table with a row for each contender, and a row that compares the first with each of the others. */
export function comparison(results, columns = Object.keys(COLUMNS)) {
  const [first, ...others] = results.keys()
  const rows = [...results.keys()].map((name) => [
    name,
    ...columns.map((column) => range(figure(results, name, column))),
  ])
  const compared = others.map((other) => [
    `${first} ÷ ${other}`,
    ...columns.map((column) => range(ratioOf(results, first, other, column))),
  ])
  return table(['', ...columns.map((column) => COLUMNS[column])], [...rows, ...compared])
}

/** Progress goes to standard error; the results alone go to standard output. */
export function log(line) {
  process.stderr.write(`${line}\n`)
}
