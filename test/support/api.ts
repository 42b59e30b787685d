import type { FastifyInstance } from 'fastify'

/** The address that requests come from, unless a test says otherwise. */
export const HOME = '198.51.100.7'

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: a test reads the fields it expects, and fails where they are missing
  readonly body: any
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>
  readonly text: string
}

export interface CallOptions {
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly ip?: string
}

/** Sends requests as a client does, through all of Fastify except the socket. */
export class Api {
  readonly #app: FastifyInstance

  constructor(app: FastifyInstance) {
    this.#app = app
  }

  get(path: string, options: CallOptions = {}): Promise<Answer> {
    return this.call('GET', path, undefined, options)
  }

  post(path: string, body?: unknown, options: CallOptions = {}): Promise<Answer> {
    return this.call('POST', path, body, options)
  }

  /** Sends a form, which the OAuth endpoints expect. */
  form(path: string, fields: Readonly<Record<string, string>>, options: CallOptions = {}): Promise<Answer> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', ...options.headers }
    return this.call('POST', path, new URLSearchParams(fields).toString(), { ...options, headers })
  }

  patch(path: string, body?: unknown, options: CallOptions = {}): Promise<Answer> {
    return this.call('PATCH', path, body, options)
  }

  delete(path: string, options: CallOptions = {}): Promise<Answer> {
    return this.call('DELETE', path, undefined, options)
  }

  /** Sends text and bytes unchanged, and any other body as JSON. */
  async call(method: string, path: string, body: unknown, options: CallOptions = {}): Promise<Answer> {
    const isRaw = typeof body === 'string' || Buffer.isBuffer(body)
    const response = await this.#app.inject({
      method: method as 'GET',
      url: path,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...options.headers,
      },
      remoteAddress: options.ip ?? HOME,
      ...(body === undefined ? {} : { payload: isRaw ? body : JSON.stringify(body) }),
    })
    const isJson = /\bjson\b/.test(String(response.headers['content-type'] ?? '')) && response.body !== ''
    return {
      status: response.statusCode,
      body: isJson ? JSON.parse(response.body) : null,
      headers: response.headers,
      text: response.body,
    }
  }
}
