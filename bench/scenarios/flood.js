// What 64 clients that flood sign-in do to everybody else, with the limits, the cost and the log as shipped.
import { availableParallelism } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { startChild } from '../environment/child.js'
import { productionSettings, startLatchkey } from '../environment/latchkey.js'
import { log } from '../environment/measure.js'
import { emailOf, openAccounts, PASSWORD, signIn } from '../environment/people.js'
import { cpuMs, treeCpuMs } from '../environment/processes.js'
import { JSON_BODY, post, refresh } from '../environment/requests.js'
import { atLeast, atMost, range, table } from '../report/markdown.js'
import { ratios, spread } from '../report/statistics.js'

const CLIENTS = 64
const ROUNDS = 3
/** So many that nobody reaches the limit of sessions during the measurement. */
const PEOPLE = 1_000
const FEW_CLIENTS = 2 * availableParallelism()
const PROBE_PAUSE_MS = 10
const OTHERS = 10
const PAUSE_OF_A_PERSON_MS = 5_000
const PATIENCE_MS = 3_000
/** The database and the load share the cores with the service, unless there are more than two. */
const MOST_SLOWDOWN = availableParallelism() > 2 ? 3 : 5

export async function flood({ postgres, sendgrid, plan }) {
  const databaseUrl = await postgres.createDatabase('flood', 'migrated')
  const limits = { RATE_LIMIT_FACTOR: '1', BCRYPT_COST: String(plan.bcryptCosts.at(-1)) }
  const service = await startLatchkey(productionSettings({ databaseUrl, sendgridUrl: sendgrid.url, ...limits }))
  await openAccounts(service, sendgrid, PEOPLE)
  const stage = {
    service,
    postgres,
    seconds: plan.seconds * 4,
    flooder: await startChild('load'),
    probes: await startChild('load'),
  }

  const calm = await measureProbes(stage)
  const correct = await measureCorrectSignIns(stage)
  const others = await measureOthers(stage)

  for (const part of [stage.flooder, stage.probes, service]) await part.stop()
  const { few, ofManyNetworks } = correct
  const inFlood = ratios(ofManyNetworks.map(perSecond), few.map(perSecond)).median
  const p99 = ratios(
    calm.refresh.flooded.map(({ p99: ms }) => ms),
    calm.refresh.idle.map(({ p99: ms }) => ms),
  ).median
  return {
    title: 'A flood of sign-ins',
    text:
      `${CLIENTS} clients that send the next sign-in as soon as the last one is answered, whatever \`Retry-After\` says; bcrypt cost ` +
      `${limits.BCRYPT_COST}, the limits and the log as shipped, ${ROUNDS} rounds. They come from a process on the same cores.`,
    tables: [
      `**One client that refreshes and one that asks for \`/health/ready\`, each again ${PROBE_PAUSE_MS} ms after its answer: idle, and while the ${CLIENTS} clients guess passwords, each from a network of its own**`,
      probeTable(calm),
      '**Correct sign-ins, everybody with the right password**',
      correctTable(correct),
      `**${OTHERS} people on other networks who sign in every ${PAUSE_OF_A_PERSON_MS / 1000} s while the ${CLIENTS} clients guess from one network**`,
      `${others.inTime} of ${others.count} sign-ins succeeded within ${PATIENCE_MS / 1000} s; the slowest answer took ${Math.round(others.slowest)} ms.`,
    ],
    targets: [
      atMost(MOST_SLOWDOWN, 'p99 of refresh in the flood ÷ idle', p99),
      atLeast(0.9, `correct sign-ins a second in a flood of ${CLIENTS} networks ÷ without the flood`, inFlood),
      atLeast(1, `other people's sign-ins within ${PATIENCE_MS / 1000} s`, others.inTime / others.count),
    ],
  }
}

async function measureProbes({ service, seconds, flooder, probes }) {
  const [session] = await signIn(service, [emailOf(0)])
  const routes = { refresh: refresh([session]), health: [{ path: '/health/ready' }] }
  const results = { refresh: { idle: [], flooded: [] }, health: { idle: [], flooded: [] } }
  const probe = async (state) => {
    const names = Object.keys(routes)
    const load = (name) => ({
      url: service.url,
      requests: routes[name],
      connections: 1,
      pauseMs: PROBE_PAUSE_MS,
      seconds,
    })
    const all = await Promise.all(names.map((name) => probes.call('run', load(name))))
    for (const [index, name] of names.entries()) {
      const [request] = routes[name]
      request.body = all[index].bodies[0]
      results[name][state].push(all[index])
    }
  }
  const guesses = Array.from({ length: CLIENTS }, (_, client) => guess(client, `198.18.${client}.1`))
  for (let round = 0; round < ROUNDS; round += 1) {
    log(`flood: round ${round + 1} of ${ROUNDS}`)
    await probe('idle')
    const flooding = startFlood(flooder, service, guesses, seconds + 2)
    await wait(1_000)
    await probe('flooded')
    await flooding
  }
  return results
}

/** A wrong password for an address without an account, another one each time. */
function guess(client, ip) {
  const body = { email: `nobody.${client}.{n}@example.com`, password: 'Wrong-Horse-7' }
  return post('/v1/login', { ...JSON_BODY, 'x-forwarded-for': ip }, body)
}

function startFlood(flooder, { url }, requests, seconds) {
  return flooder.call('run', { url, requests, connections: CLIENTS, seconds })
}

async function measureCorrectSignIns({ service, postgres, seconds, flooder }) {
  const readings = {
    few: { clients: FEW_CLIENTS, networks: FEW_CLIENTS },
    ofManyNetworks: { clients: CLIENTS, networks: CLIENTS },
    ofOneNetwork: { clients: CLIENTS, networks: 1 },
  }
  const results = { few: [], ofManyNetworks: [], ofOneNetwork: [] }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, { clients, networks }] of Object.entries(readings)) {
      const requests = Array.from({ length: Math.floor(PEOPLE / clients) * clients }, (_, number) => {
        const ip = `198.19.${(number % clients) % networks}.${round}`
        return post(
          '/v1/login',
          { ...JSON_BODY, 'x-forwarded-for': ip },
          { email: emailOf(number), password: PASSWORD },
        )
      })
      const [own, database] = [await cpuMs(service.pid), await treeCpuMs(postgres.pid)]
      const run = await flooder.call('run', { url: service.url, requests, connections: clients, seconds })
      const used = (await cpuMs(service.pid)) - own + (await treeCpuMs(postgres.pid)) - database + run.clientCpuMs
      results[name].push({ ...run, floodSeconds: seconds, cpuMs: used })
      log(`flood: ${name} were answered ${JSON.stringify(run.statuses)} in ${run.seconds.toFixed(1)} s`)
    }
  }
  return results
}

async function measureOthers({ service, seconds, flooder, probes }) {
  const guesses = Array.from({ length: CLIENTS }, (_, client) => guess(client, '198.18.100.1'))
  const flooding = startFlood(flooder, service, guesses, seconds + 2)
  await wait(1_000)
  const requests = Array.from({ length: OTHERS }, (_, number) =>
    post(
      '/v1/login',
      { ...JSON_BODY, 'x-forwarded-for': `203.0.113.${number}` },
      { email: emailOf(number), password: PASSWORD },
    ),
  )
  const load = {
    url: service.url,
    requests,
    connections: OTHERS,
    seconds,
    patienceMs: PATIENCE_MS,
    pauseMs: PAUSE_OF_A_PERSON_MS,
  }
  const result = await probes.call('run', load)
  await flooding
  return result
}

function probeTable(results) {
  const rows = Object.entries(results).flatMap(([route, { idle, flooded }]) =>
    ['p50', 'p99'].map((quantile) => {
      const [before, during] = [idle, flooded].map((rounds) => rounds.map((round) => round[quantile]))
      return [`${route}, ${quantile}, ms`, range(spread(before)), range(spread(during)), range(ratios(during, before))]
    }),
  )
  return table(['', 'idle', 'in the flood', 'ratio'], rows)
}

/** Refused clients are answered late, so the last answers come seconds after the end of the flood. */
function perSecond({ okBeforeEnd, floodSeconds }) {
  return okBeforeEnd / floodSeconds
}

function perCpuSecond({ statuses, cpuMs: used }) {
  return ((statuses[200] ?? 0) * 1000) / used
}

function correctTable(results) {
  const names = {
    few: `${FEW_CLIENTS} clients, as many as keep the cores busy`,
    ofManyNetworks: `${CLIENTS} clients of ${CLIENTS} networks`,
    ofOneNetwork: `${CLIENTS} clients of one network`,
  }
  const few = results.few
  const rows = Object.entries(results).map(([name, rounds]) => [
    names[name],
    range(spread(rounds.map(perSecond))),
    range(ratios(rounds.map(perSecond), few.map(perSecond))),
    range(spread(rounds.map(perCpuSecond))),
    range(ratios(rounds.map(perCpuSecond), few.map(perCpuSecond))),
  ])
  const head = ['', 'a second', 'ratio', 'a second of processor time of service, database and clients', 'ratio']
  return table(head, rows)
}
