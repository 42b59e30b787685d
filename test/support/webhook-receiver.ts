import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'

export interface ReceivedEvent {
  readonly id: string
  readonly type: string
  readonly timestamp: string
  readonly data: Record<string, unknown>
}

/** A system that receives security events. It verifies them with the Standard Webhooks library, as its authors would. */
export class WebhookReceiver {
  readonly events: ReceivedEvent[] = []
  /** Every body that was received, including those that were answered with a failure. */
  readonly bodies: string[] = []
  /** The `traceparent` header of each request that had one. */
  readonly traceparents: string[] = []
  readonly #server = createServer()
  readonly #verifier: Webhook
  #answer: { status: number; headers: Record<string, string> } | 'hang' | null = null

  constructor(secret: string) {
    this.#verifier = new Webhook(secret)
    this.#server.on('request', async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      const body = Buffer.concat(chunks).toString()
      this.bodies.push(body)
      if (request.headers['traceparent']) this.traceparents.push(String(request.headers['traceparent']))
      if (this.#answer === 'hang') return
      if (this.#answer) {
        response.writeHead(this.#answer.status, this.#answer.headers).end()
        return
      }
      try {
        const { type, timestamp, data } = this.#verifier.verify(
          body,
          request.headers as Record<string, string>,
        ) as ReceivedEvent
        this.events.push({ id: String(request.headers['webhook-id']), type, timestamp, data })
        response.writeHead(204).end()
      } catch {
        response.writeHead(401).end()
      }
    })
  }

  /** Starts to listen, on this port if one is given. */
  async start(port = 0): Promise<string> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    return this.url
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hooks`
  }

  failWith(status: number, headers: Record<string, string> = {}): void {
    this.#answer = { status, headers }
  }

  hang(): void {
    this.#answer = 'hang'
  }

  recover(): void {
    this.#answer = null
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }
}
