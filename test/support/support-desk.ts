import type { Answer, Api } from './api.ts'
import type { TestApp } from './test-app.ts'

/** A support tool with every scope of the support desk. Its calls are what the clicks of an agent lead to. */
export class SupportDesk {
  readonly #api: Api
  readonly token: string

  constructor(api: Api, token: string) {
    this.#api = api
    this.token = token
  }

  get(path: string): Promise<Answer> {
    return this.#api.get(`/v1/admin${path}`, { token: this.token })
  }

  post(path: string, body?: unknown): Promise<Answer> {
    return this.#api.post(`/v1/admin${path}`, body, { token: this.token })
  }

  patch(path: string, body: unknown): Promise<Answer> {
    return this.#api.patch(`/v1/admin${path}`, body, { token: this.token })
  }

  delete(path: string, body?: unknown): Promise<Answer> {
    return this.#api.call('DELETE', `/v1/admin${path}`, body, { token: this.token })
  }

  /** The id of the account that has this address. */
  async idOf(email: string): Promise<string> {
    const { body } = await this.get(`/users?email=${encodeURIComponent(email)}`)
    return body.users[0].id
  }

  async addressState(email: string): Promise<string> {
    return (await this.get(`/addresses/${encodeURIComponent(email)}`)).body.state
  }

  /** The event types in the audit trail of an account, the newest first. */
  async trailOf(id: string): Promise<string[]> {
    const { body } = await this.get(`/users/${id}/events?limit=100`)
    return body.events.map((event: { type: string }) => event.type)
  }
}

export async function openSupportDesk({ api, serviceToken }: TestApp): Promise<SupportDesk> {
  const token = await serviceToken(
    'users:read',
    'users:write',
    'users:delete',
    'addresses:read',
    'addresses:unlock',
    'mail:read',
    'mail:write',
    'events:read',
  )
  return new SupportDesk(api, token)
}
