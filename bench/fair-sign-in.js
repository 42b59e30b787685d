// Whether people can sign in while somebody floods sign-in, with the limits and the cost as shipped:
// 1. 64 clients guess passwords from one network, and a person on each of ten other networks signs in every few seconds;
// 2. correct sign-ins per second, with as many clients as keep the cores busy, and in a flood of correct passwords.
// `npm run build && node bench/fair-sign-in.js [SECONDS]`. The clients run in a process of their own, on the same cores.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request as send } from 'node:http'
import { availableParallelism } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { withService } from './service.js'

const CLIENTS = 64
const OTHER_NETWORKS = 10
const PAUSE_OF_A_PERSON_MS = 5_000
const PATIENCE_MS = 3_000
const PASSWORD = 'Correct-Horse-7'
const seconds = Number(process.argv[2] ?? 20)

if (process.env.FLOODED) await flood(JSON.parse(process.env.FLOODED))
else await withService({ RATE_LIMIT_FACTOR: '1', BCRYPT_COST: process.env.BCRYPT_COST ?? '12' }, measure)

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
  print(`the flood was answered ${JSON.stringify(await guessing.stop())}`)

  const few = await correctPerSecond(service.url, emails, 2 * availableParallelism())
  const many = await correctPerSecond(service.url, emails, CLIENTS)
  print(
    `correct sign-ins a second: ${few.toFixed(2)} without a flood, ${many.toFixed(2)} in one (x ${(many / few).toFixed(2)})`,
  )
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

async function correctPerSecond(url, emails, clients) {
  const flooding = await startFlood({ url, kind: 'correct', clients, emails })
  await wait(seconds * 1000)
  const statuses = await flooding.stop()
  print(`${clients} clients with correct passwords were answered ${JSON.stringify(statuses)}`)
  return (statuses[200] ?? 0) / seconds
}

async function startFlood(settings) {
  const flooder = fork(import.meta.filename, { env: { ...process.env, FLOODED: JSON.stringify(settings) } })
  const ended = once(flooder, 'message')
  return {
    async stop() {
      flooder.send('enough')
      const [statuses] = await ended
      return statuses
    },
  }
}

/** Every client tries again as soon as it is answered. Guesses come from one network, correct passwords from 64. */
async function flood({ url, kind, clients, emails }) {
  const agent = new Agent({ keepAlive: true })
  const statuses = {}
  let isOver = false
  process.once('message', () => {
    isOver = true
  })
  const client = async (number) => {
    for (let time = 0; !isOver; time += 1) {
      const isGuess = kind === 'guesses'
      const body = isGuess
        ? { email: `nobody.${number}.${time}@example.com`, password: 'Wrong-Horse-7' }
        : { email: emails[number], password: PASSWORD }
      const status = await signIn(agent, url, body, isGuess ? '198.18.0.1' : `198.18.${number + 1}.1`)
      if (!isOver) statuses[status] = (statuses[status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)))
  agent.destroy()
  process.send(statuses)
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
