import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/**
 * Begins a request of a connection only when the answer to the request before it has been sent. HTTP/1.1 lets a client send
 * many requests without waiting (RFC 9112 section 9.3.2), and Node would work on all of them at once, although their answers
 * have to go out one after the other. A client that does not read its answers would make the service hold all of them.
 */
export function answerInTurn(app: FastifyInstance): void {
  const lastAnswers = new WeakMap<Socket, ServerResponse>()
  app.addHook('onRequest', ({ socket }, { raw: answer }, done) => {
    const previous = lastAnswers.get(socket)
    lastAnswers.set(socket, answer)
    answer.once('close', () => {
      if (lastAnswers.get(socket) === answer) lastAnswers.delete(socket)
    })
    if (previous) previous.once('close', () => done())
    else done()
  })
}
