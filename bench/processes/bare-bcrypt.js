// Nothing but bcrypt: compares the right password as often as it can, with as many threads as there are cores.
import { availableParallelism } from 'node:os'
import bcrypt from 'bcrypt'
import { offer } from '../environment/child.js'

const PASSWORD = 'Correct-Horse-7'
const hashes = new Map()

offer(
  {},
  {
    async run({ cost, seconds }) {
      if (!hashes.has(cost)) hashes.set(cost, await bcrypt.hash(PASSWORD, cost))
      const hash = hashes.get(cost)
      let count = 0
      const began = performance.now()
      const end = began + seconds * 1000
      const thread = async () => {
        while (performance.now() < end) {
          await bcrypt.compare(PASSWORD, hash)
          count += 1
        }
      }
      await Promise.all(Array.from({ length: availableParallelism() }, thread))
      return { count, seconds: (performance.now() - began) / 1000 }
    },
  },
)
