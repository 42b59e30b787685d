import type { Answer, Api } from './api.ts'

const WRONG = 'Wrong-Horse-7'

let networks = 0

/** A network that nobody has used before. */
export function newNetwork(): string {
  networks += 1
  return `10.${networks >> 16}.${(networks >> 8) & 255}.${networks & 255}`
}

/** Makes the same call several times, each after the answer to the one before. */
export async function inTurn(times: number, call: () => Promise<Answer>): Promise<Answer[]> {
  const answers = []
  for (let time = 0; time < times; time += 1) answers.push(await call())
  return answers
}

/** Guesses passwords at sign-in. */
export class Guesser {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  /** Tries one password, a wrong one unless it is given, from one network. */
  guess(email: string, ip: string, password = WRONG): Promise<Answer> {
    return this.#api.post('/v1/login', { email, password }, { ip })
  }

  /** Guesses as a botnet does: four times from each network, so that no limit on one network applies. */
  async guessAsStrangers(email: string, times: number): Promise<Answer[]> {
    const answers = []
    let ip = newNetwork()
    for (let time = 0; time < times; time += 1) {
      if (time % 4 === 3) ip = newNetwork()
      answers.push(await this.guess(email, ip))
    }
    return answers
  }
}
