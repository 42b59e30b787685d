import { randomFillSync } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'

const BYTES_OF_AN_ID = 16
/** Random bytes are drawn for 256 ids at a time. To draw them for each id takes longer than everything else about it. */
const drawn = Buffer.alloc(256 * BYTES_OF_AN_ID)

let used = drawn.length
let lastMs = Number.NEGATIVE_INFINITY
let sequence = 0

/**
 * Creates an id: a UUID of version 7 (RFC 9562). The ids of one process ascend, those of one millisecond too. An id shows
 * when it was made, and is not a secret.
 */
export function newId(): string {
  const random = nextBytes()
  const now = Date.now()
  if (now > lastMs) {
    lastMs = now
    sequence = random.readUInt32BE(0) >>> 1 // the upper half is left for the ids of the same millisecond
  } else {
    sequence += 1
  }
  return uuidv7({ random, msecs: lastMs, seq: sequence })
}

function nextBytes(): Buffer {
  if (used === drawn.length) {
    randomFillSync(drawn)
    used = 0
  }
  used += BYTES_OF_AN_ID
  return drawn.subarray(used - BYTES_OF_AN_ID, used)
}
