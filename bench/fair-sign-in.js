// Whether people can sign in while somebody floods sign-in, with the limits, the cost and the log as shipped:
// 1. 64 clients guess passwords from one network, and a person on each of ten other networks signs in every few seconds;
// 2. correct sign-ins per second of all clients together: as few clients as keep the cores busy, against 64 clients that try
//    again as soon as they are answered, whatever Retry-After says, each from a network of its own and all from one network.
//    Measured in turn, three times each, so that other work on the machine slows all of them down alike.
// `npm run build && node bench/fair-sign-in.js [SECONDS]`. The clients run in a process of their own, on the same cores.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request as send } from 'node:http'
import { availableParallelism } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { processorSeconds, withService } from './service.js'

const CLIENTS = 64
const OTHER_NETWORKS = 10
const PAUSE_OF_A_PERSON_MS = 5_000
const PATIENCE_MS = 3_000
const ROUNDS = 3
const PASSWORD = 'Correct-Horse-7'
const seconds = Number(process.argv[2] ?? 20)

if (process.env.FLOODED) await flood(JSON.parse(process.env.FLOODED))
else
  await withService(
    { RATE_LIMIT_FACTOR: '1', LOG_LEVEL: 'info', BCRYPT_COST: process.env.BCRYPT_COST ?? '12' },
    measure,
  )

async function measure(service) {
  const emails = Array.from({ length: CLIENTS }, (_, number) => `bench.${number}@example.com`)
  await service.openAccounts(emails, PASSWORD)

  const guessing = await startFlood({ url: service.url, kind: 'guesses', clients: CLIENTS, emails })
  await wait(1_000)
  const others = await Promise.all(
    emails.slice(0, OTHER_NETWORKS).map((email, number) => person(service.url, email, `203.0.113.${number}`)),
  )
  const tries = others.flat()
  const inTime = tries.filter(({ status, ms }) => status === 200 && ms <= PATIENCE_MS)
  const slowest = Math.max(...tries.map(({ ms }) => ms))
  print(
    `others: ${inTime.length} of ${tries.length} sign-ins succeeded within 3 s (slowest answer ${slowest.toFixed(0)} ms)`,
  )
  print(`the flood was answered ${JSON.stringify((await guessing.stop()).statuses)}`)

  const readings = {
    few: { clients: 2 * availableParallelism(), networks: 2 * availableParallelism() },
    ofManyNetworks: { clients: CLIENTS, networks: CLIENTS },
    ofOneNetwork: { clients: CLIENTS, networks: 1 },
  }
  const rates = { few: [], ofManyNetworks: [], ofOneNetwork: [] }
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const [name, reading] of Object.entries(readings)) {
      rates[name].push(await correctSignIns(service, emails, { ...reading, round }))
    }
  }
  for (const [unit, text] of [
    ['perSecond', 'a second'],
    ['perProcessorSecond', 'a second of processor time, which other work on the machine changes less'],
  ]) {
    const [few, ofMany, ofOne] = Object.values(rates).map((all) => average(all.map((rate) => rate[unit])))
    const inFlood = (rate) => `${rate.toFixed(2)} (x ${(rate / few).toFixed(2)})`
    print(
      `correct sign-ins ${text}: ${few.toFixed(2)} without a flood, ${inFlood(ofMany)} in one of ${CLIENTS} networks, ${inFlood(ofOne)} in one of one network`,
    )
  }
}

function average(numbers) {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length
}

/** Signs in, again and again, with pauses. */
async function person(url, email, ip) {
  const agent = new Agent({ keepAlive: true })
  const tries = []
  const end = performance.now() + seconds * 1000
  await wait(Math.random() * PAUSE_OF_A_PERSON_MS)
  while (performance.now() < end) {
    const began = performance.now()
    const status = await signIn(agent, url, { email, password: PASSWORD }, ip)
    tries.push({ status, ms: performance.now() - began })
    await wait(PAUSE_OF_A_PERSON_MS)
  }
  agent.destroy()
  return tries
}

/** How many correct sign-ins there were in a second, and in a second of a processor's time, that of the clients included. */
async function correctSignIns(service, emails, { clients, networks, round }) {
  const before = await processorSeconds(service.pid)
  const flooding = await startFlood({ url: service.url, kind: 'correct', clients, networks, round, emails })
  await wait(seconds * 1000)
  const ofService = (await processorSeconds(service.pid)) - before
  const { statuses, processorSeconds: ofClients } = await flooding.stop() // when the last request has been answered
  print(`${clients} clients of ${networks} networks with correct passwords were answered ${JSON.stringify(statuses)}`)
  const correct = statuses[200] ?? 0
  return { perSecond: correct / seconds, perProcessorSecond: correct / (ofService + ofClients) }
}

async function startFlood(settings) {
  const flooder = fork(import.meta.filename, { env: { ...process.env, FLOODED: JSON.stringify(settings) } })
  const ended = once(flooder, 'message')
  return {
    async stop() {
      flooder.send('enough')
      const [counted] = await ended
      return counted
    },
  }
}

/** Every client tries again as soon as it is answered. Guesses come from one network, correct passwords from `networks`. */
async function flood({ url, kind, clients, networks, round, emails }) {
  const agent = new Agent({ keepAlive: true })
  const statuses = {}
  let isOver = false
  let used = process.cpuUsage()
  process.once('message', () => {
    isOver = true
    used = process.cpuUsage()
  })
  const client = async (number) => {
    for (let time = 0; !isOver; time += 1) {
      const isGuess = kind === 'guesses'
      const body = isGuess
        ? { email: `nobody.${number}.${time}@example.com`, password: 'Wrong-Horse-7' }
        : { email: emails[number], password: PASSWORD }
      const status = await signIn(
        agent,
        url,
        body,
        isGuess ? '198.18.0.1' : `198.18.${(number % networks) + 1}.${round}`,
      )
      if (!isOver) statuses[status] = (statuses[status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)))
  agent.destroy()
  process.send({ statuses, processorSeconds: (used.user + used.system) / 1e6 })
  process.disconnect()
}

async function signIn(agent, url, body, ip) {
  const json = JSON.stringify(body)
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(json),
    'x-forwarded-for': ip,
  }
  const sent = send(`${url}/v1/login`, { agent, method: 'POST', headers })
  sent.end(json)
  const [answer] = await once(sent, 'response')
  answer.resume()
  await once(answer, 'end')
  return answer.statusCode
}

function print(line) {
  process.stdout.write(`${line}\n`)
}
