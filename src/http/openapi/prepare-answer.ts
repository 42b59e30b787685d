import { gzipSync } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'

interface Answer {
  readonly type: string
  readonly read: () => string | Buffer | Promise<string>
}

interface Prepared {
  readonly plain: Buffer
  readonly compressed: Buffer
}

/**
 * Sends the same answer to every request, compressed if the client accepts gzip. It is read and compressed at the first
 * request. All connections share the buffer: one that does not read its answer takes no memory of its own.
 */
export function prepareAnswer({
  type,
  read,
}: Answer): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  let prepared: Promise<Prepared> | undefined
  return async (request, reply) => {
    prepared ??= prepare(read).catch((error: unknown) => {
      prepared = undefined // so that the next request tries again
      throw error
    })
    const { plain, compressed } = await prepared
    reply.header('Cache-Control', 'public, max-age=300').header('Vary', varyBy(reply, 'Accept-Encoding')).type(type)
    if (!/\bgzip\b/i.test(request.headers['accept-encoding'] ?? '')) return reply.send(plain)
    return reply.header('Content-Encoding', 'gzip').send(compressed)
  }
}

async function prepare(read: Answer['read']): Promise<Prepared> {
  const plain = Buffer.from(await read())
  return { plain, compressed: gzipSync(plain) }
}

/** The Vary header with one more name. CORS may have set it already. */
function varyBy(reply: FastifyReply, name: string): string {
  return [reply.getHeader('Vary'), name].filter((part) => part !== undefined).join(', ')
}
