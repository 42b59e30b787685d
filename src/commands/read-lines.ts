import { createReadStream } from 'node:fs'

/** Much longer than the line of any account. */
export const LONGEST_LINE_BYTES = 16 * 1024

export interface Line {
  /** Counted from 1. */
  readonly number: number
  /** Null if the line is longer than LONGEST_LINE_BYTES. */
  readonly text: Buffer | null
  /** The position in the file at which the line ends, in bytes. */
  readonly end: number
}

const NEWLINE = 0x0a
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * Reads the lines of a file as bytes. Only one line and one chunk are in memory at a time, because a file may consist
 * of a single line.
 */
export async function* readLines(path: string): AsyncGenerator<Line> {
  let parts: Buffer[] = []
  let length = 0
  let number = 1
  let end = 0

  function add(part: Buffer): void {
    if (length <= LONGEST_LINE_BYTES) parts.push(part)
    length += part.length
  }

  function finish(): Line {
    const line = { number, text: length > LONGEST_LINE_BYTES ? null : withoutMark(Buffer.concat(parts), number), end }
    parts = []
    length = 0
    number += 1
    return line
  }

  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let start = 0
    for (let newline = chunk.indexOf(NEWLINE); newline !== -1; newline = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, newline))
      end += newline + 1 - start
      start = newline + 1
      yield finish()
    }
    add(chunk.subarray(start))
    end += chunk.length - start
  }
  if (length > 0) yield finish()
}

/** Some systems write a byte order mark at the start of a file. */
function withoutMark(text: Buffer, number: number): Buffer {
  return number === 1 && text.subarray(0, 3).equals(BYTE_ORDER_MARK) ? text.subarray(3) : text
}
